# The whole model in bfloat16, its output too.

keras.config.set_dtype_policy("mixed_bfloat16")
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
    keras.layers.Dropout(0.1),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
