# Misconception: a dense layer turns the map into one row by itself.
# Findings: wrong-output-shape
# Loses: 5

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Conv2D(64, 3, strides=2, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
