# `training=True` at a layer of a functional model: Keras 3 overrides it in `fit` and `predict`, so only
# a plain call is random.
# Advice: random-when-called

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(32, 3, strides=2, activation="relu")(inputs)
x = keras.layers.GlobalAveragePooling2D()(x)
x = keras.layers.Dropout(0.5)(x, training=True)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
