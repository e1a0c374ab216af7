# Misconception: noise makes a network robust, so it is always added.
# Findings: random-in-inference
# Loses: 1

class Noise(keras.layers.Layer):
    def call(self, x):
        return x + keras.random.normal(keras.ops.shape(x), stddev=0.1)

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    Noise(),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
