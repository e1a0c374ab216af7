# Separable and depthwise convolutions, as in a network for phones.

from keras import layers

model = keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(16, 3, strides=2, padding="same")])
for filters in [32, 64]:
    model.add(layers.BatchNormalization())
    model.add(layers.ReLU(6.0))
    model.add(layers.DepthwiseConv2D(3, strides=2, padding="same"))
    model.add(layers.SeparableConv2D(filters, 3, padding="same", activation="relu"))
model.add(layers.GlobalMaxPooling2D())
model.add(layers.Dense(10, "softmax"))
