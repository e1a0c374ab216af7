# The head in half precision, its last layer in full.

half = "mixed_float16"
frozen = densenet.join(densenet.build_preprocessing(profile), backbone, keras.layers.Flatten())
head = keras.Sequential([
    keras.Input(frozen.output_shape[1:]),
    keras.layers.Dense(128, activation="relu", dtype=half),
    keras.layers.Dropout(0.3, dtype=half),
    keras.layers.Dense(10, dtype=half),
    keras.layers.Activation("softmax", dtype="float32"),
])
model = densenet.join(frozen, head)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
