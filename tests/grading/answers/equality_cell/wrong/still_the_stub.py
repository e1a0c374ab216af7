# Misconception: none; nothing was done.
# Findings: stopped
# Loses: 4

# YOUR CODE HERE
raise NotImplementedError()
