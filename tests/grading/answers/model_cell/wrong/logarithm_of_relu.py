# Misconception: a logarithm makes features well behaved, of zeros too.
# Findings: not-a-number
# Loses: 5

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(16, 3, strides=2, activation="relu")(inputs)
x = keras.ops.log(x)
x = keras.layers.Flatten()(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
