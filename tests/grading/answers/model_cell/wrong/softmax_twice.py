# Misconception: an activation and a layer of that name are two different things, and both are needed.
# Findings: softmax-twice
# Loses: 1

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dropout(0.4),
    keras.layers.Dense(10, activation="softmax"),
    keras.layers.Softmax(),
])
