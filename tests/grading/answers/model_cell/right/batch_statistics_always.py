# Batch normalization switched on by hand: overridden in `predict`, seen in a plain call.
# Advice: random-when-called

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(32, 3, strides=2, use_bias=False)(inputs)
x = keras.layers.BatchNormalization()(x, training=True)
x = keras.layers.Activation("relu")(x)
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
