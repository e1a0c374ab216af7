# Misconception: a network gives its class and its probabilities separately.
# Findings: not-a-model
# Loses: 5

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(16, 3, strides=2, activation="relu")(inputs)
x = keras.layers.Flatten()(x)
probabilities = keras.layers.Dense(10, activation="softmax")(x)
predicted = keras.ops.argmax(probabilities, axis=-1)
model = keras.Model(inputs, [probabilities, predicted])
