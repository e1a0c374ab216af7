# The model built anew in half precision, and trained.

keras.config.set_dtype_policy("mixed_float16")
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
    keras.layers.BatchNormalization(momentum=0.9),
    keras.layers.Flatten(),
    keras.layers.Dense(10),
    keras.layers.Softmax(dtype="float32"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
