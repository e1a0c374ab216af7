# Misconception: the exercise asks for words.
# Findings: not-a-model
# Loses: 5

model = "conv 32 - pool - conv 64 - pool - dense 10 softmax"
