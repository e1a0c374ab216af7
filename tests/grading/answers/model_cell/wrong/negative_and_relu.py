# Misconception: images are turned round by a factor of -1, and ReLU then throws everything away.
# Findings: ignores-image, no-gradient, does-not-learn
# Loses: 3

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Rescaling(-1.0),
    keras.layers.ReLU(),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
