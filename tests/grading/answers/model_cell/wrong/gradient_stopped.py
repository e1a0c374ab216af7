# Misconception: `stop_gradient` prevents overfitting of the lower layers.
# Findings: no-gradient
# Loses: 1

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(16, 3, strides=2, activation="relu")(inputs)
x = keras.layers.Conv2D(32, 3, strides=2, activation="relu")(x)
x = keras.ops.stop_gradient(x)
x = keras.layers.Flatten()(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
