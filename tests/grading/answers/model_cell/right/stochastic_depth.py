# Whole blocks are dropped for a batch, with the rule of the paper: the last one every other time,
# and then its weights have a gradient of zero.

class StochasticDepth(keras.layers.Layer):
    """Drops the whole branch for a batch (Huang et al., 2016)."""
    def __init__(self, survival):
        super().__init__()
        self.survival = survival
        self.seeds = keras.random.SeedGenerator()

    def call(self, x, training=None):
        if not training:
            return x * self.survival
        alive = keras.random.uniform((), seed=self.seeds) < self.survival
        return keras.ops.where(alive, x, keras.ops.zeros_like(x))

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(inputs)
blocks = 6
for i in range(blocks):
    y = keras.layers.Conv2D(32, 3, padding="same")(x)
    y = keras.layers.BatchNormalization()(y)
    y = keras.layers.Activation("relu")(y)
    y = StochasticDepth(1 - 0.5 * (i + 1) / blocks)(y)
    x = keras.layers.Add()([x, y])
x = keras.layers.GlobalAveragePooling2D()(x)
outputs = keras.layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)
