# Misconception: there is one class more, for "none of these".
# Findings: wrong-output-shape
# Loses: 5
# One token from: functional

inputs = keras.Input(shape=(32, 32, 3), name="image")
x = keras.layers.Conv2D(32, 3, strides=2, activation="relu")(inputs)
x = keras.layers.Conv2D(64, 3, strides=2, activation="relu")(x)
x = keras.layers.GlobalAveragePooling2D()(x)
x = keras.layers.Dropout(0.3)(x)
outputs = keras.layers.Dense(11, activation="softmax")(x)
model = keras.Model(inputs, outputs)
