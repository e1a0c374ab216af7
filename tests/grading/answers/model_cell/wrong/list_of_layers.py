# Misconception: a list of layers is a model.
# Findings: not-a-model
# Loses: 5

model = [
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
]
