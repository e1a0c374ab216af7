# Misconception: softmax belongs somewhere near the end.
# Findings: no-softmax
# Loses: 1

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(64, activation="softmax"),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(10),
])
