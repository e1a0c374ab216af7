# Misconception: the history from the example above shows the same.
# Findings: not-trained, history-epochs
# Loses: 5

history = memorized
