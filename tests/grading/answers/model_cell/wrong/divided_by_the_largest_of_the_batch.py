# Misconception: smallest and largest number are those of an image; they are those of the whole
# batch.
# Findings: depends-on-batch
# Loses: 1

class ToUnitRange(keras.layers.Layer):
    def call(self, x):
        low, high = keras.ops.min(x), keras.ops.max(x)
        return (x - low) / (high - low)

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    ToUnitRange(),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(10, activation="softmax"),
])
