# Misconception: none; nothing was done.
# Findings: stopped
# Loses: 3

# YOUR CODE HERE
raise NotImplementedError()
