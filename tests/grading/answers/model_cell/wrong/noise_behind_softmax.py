# Misconception: noise helps wherever it is added, to probabilities as well.
# Findings: no-softmax
# Loses: 1

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
    keras.layers.GaussianNoise(0.1),
])
