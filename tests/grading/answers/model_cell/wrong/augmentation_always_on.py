# Misconception: augmentation has to be switched on, or it does nothing.
# Findings: random-in-inference
# Loses: 1

class AugmentedNet(keras.Model):
    def __init__(self):
        super().__init__()
        self.flip = keras.layers.RandomFlip("horizontal")
        self.shift = keras.layers.RandomTranslation(0.2, 0.2)
        self.conv = keras.layers.Conv2D(32, 3, strides=2, activation="relu")
        self.dense = keras.layers.Dense(10, activation="softmax")

    def call(self, x):
        x = self.shift(self.flip(x, training=True), training=True)
        x = keras.ops.max(self.conv(x), axis=(1, 2))
        return self.dense(x)

model = AugmentedNet()
