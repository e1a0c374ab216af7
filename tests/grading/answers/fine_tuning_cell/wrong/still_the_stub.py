# Misconception: none; nothing was done.
# Findings: stopped
# Loses: 7

# YOUR CODE HERE
raise NotImplementedError()
