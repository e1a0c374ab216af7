# Keras hides a grouped convolution inside a function.

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(12, 3, groups=3, padding="same", activation="relu"),
    keras.layers.GroupNormalization(3),
    keras.layers.AveragePooling2D(4),
    keras.layers.Flatten(),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(10, activation="softmax"),
])
