# A `Lambda` for centring the images: works here, although it cannot be saved.

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Lambda(lambda x: x * 2 - 1),
    keras.layers.Conv2D(16, 3, strides=2, activation="tanh"),
    keras.layers.AlphaDropout(0.1),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
