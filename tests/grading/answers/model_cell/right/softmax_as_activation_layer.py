# `Activation("softmax")`, LeakyReLU, noise.

from keras import layers

model = keras.Sequential([
    layers.InputLayer(shape=(32, 32, 3)),
    layers.GaussianNoise(0.05),
    layers.Conv2D(24, 5, strides=3),
    layers.LeakyReLU(),
    layers.Conv2D(24, 3),
    layers.LeakyReLU(),
    layers.Flatten(),
    layers.Dense(10),
    layers.Activation("softmax"),
])
