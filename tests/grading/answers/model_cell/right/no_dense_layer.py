# Ten channels, averaged, softmax as a layer of its own: a network without a dense layer.

layers = keras.layers
model = keras.Sequential()
model.add(keras.Input((32, 32, 3)))
model.add(layers.Conv2D(32, 5, strides=2, activation="elu"))
model.add(layers.SpatialDropout2D(0.1))
model.add(layers.Conv2D(32, 3, strides=2, activation="elu"))
model.add(layers.Conv2D(10, 1))
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Softmax())
