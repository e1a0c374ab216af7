# Augmentation switched on by hand: overridden in `predict`, random in a plain call.
# Advice: random-when-called

inputs = keras.Input((32, 32, 3))
x = keras.layers.RandomFlip("horizontal")(inputs, training=True)
x = keras.layers.RandomTranslation(0.2, 0.2)(x, training=True)
x = keras.layers.Conv2D(32, 3, strides=2, activation="relu")(x)
x = keras.layers.Flatten()(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
