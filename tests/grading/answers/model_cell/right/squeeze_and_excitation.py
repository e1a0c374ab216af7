# Channels weighted by a softmax inside the network: not the last one.

from keras import layers

def weigh_channels(x):
    channels = x.shape[-1]
    w = layers.GlobalAveragePooling2D(keepdims=True)(x)
    w = layers.Dense(channels // 4, activation="relu")(w)
    w = layers.Dense(channels, activation="softmax")(w)
    return layers.Multiply()([x, w]) * channels

inputs = layers.Input((32, 32, 3))
x = layers.Conv2D(32, 3, strides=2)(inputs)
x = layers.BatchNormalization()(x)
x = layers.PReLU(shared_axes=[1, 2])(x)
x = weigh_channels(x)
x = layers.Conv2D(32, 3, strides=2, activation="relu")(x)
x = layers.Flatten()(x)
model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
