# Misconception: it is fair to all units to start them at zero.
# Findings: ignores-image, no-gradient, does-not-learn
# Loses: 3

start = dict(kernel_initializer="zeros")
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu", **start),
    keras.layers.Flatten(),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(10, activation="softmax", **start),
])
