# Misconception: `Add` takes any two tensors, whatever their channels.
# Findings: stopped
# Loses: 5

inputs = keras.Input((32, 32, 3))
x = keras.layers.Conv2D(16, 3, strides=2, padding="same")(inputs)
y = keras.layers.Conv2D(32, 3, padding="same", activation="relu")(x)
x = keras.layers.Add()([x, y])
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
