# Misconception: the last tensor is the model; `keras.Model(inputs, outputs)` is missing.
# Findings: not-a-model
# Loses: 5

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(16, 3, activation="relu")(inputs)
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.layers.Dense(10, activation="softmax")(x)
