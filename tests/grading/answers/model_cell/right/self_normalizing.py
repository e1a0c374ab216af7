# SELU with the initialization that belongs to it.

layer = dict(kernel_initializer="lecun_normal", activation="selu")
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, **layer),
    keras.layers.Conv2D(32, 3, strides=2, **layer),
    keras.layers.Flatten(),
    keras.layers.AlphaDropout(0.1),
    keras.layers.Dense(32, **layer),
    keras.layers.Dense(10, activation="softmax"),
])
