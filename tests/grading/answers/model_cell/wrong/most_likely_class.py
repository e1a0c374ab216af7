# Misconception: the network says its decision, as a row with a single one.
# Findings: no-gradient, does-not-learn
# Loses: 2

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(16, 3, strides=2, activation="relu")(inputs)
x = keras.layers.Flatten()(x)
x = keras.layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, keras.ops.one_hot(keras.ops.argmax(x, axis=-1), 10))
