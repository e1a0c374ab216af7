# Half precision for all layers but the last one, as Keras's guide says.

keras.mixed_precision.set_global_policy("mixed_float16")

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.BatchNormalization(),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(10),
    keras.layers.Activation("softmax", dtype="float32"),
])
