# Misconception: the shape of the input begins with the size of the batch.
# Findings: not-a-model
# Loses: 5

model = keras.Sequential([
    keras.Input((32, 32, 32, 3)),
    keras.layers.Flatten(),
    keras.layers.Dense(64, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
