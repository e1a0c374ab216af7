# Misconception: none; nothing was done.
# Findings: stopped
# Loses: 6

# YOUR CODE HERE
raise NotImplementedError()
