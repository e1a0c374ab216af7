# Misconception: units that say 0 or 1 are as good as others; a step has no derivative.
# Findings: no-gradient
# Loses: 1

class Step(keras.layers.Layer):
    def call(self, x):
        return keras.ops.cast(x > 0, "float32")

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2),
    Step(),
    keras.layers.Flatten(),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(10, activation="softmax"),
])
