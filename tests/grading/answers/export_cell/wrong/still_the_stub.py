# Misconception: none; nothing was done.
# Findings: stopped
# Loses: 5

# YOUR CODE HERE
raise NotImplementedError()
