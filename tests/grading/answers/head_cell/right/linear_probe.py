# A single dense layer, and the preprocessing layer that the notebook made above.

frozen = keras.Sequential([keras.Input((32, 32, 3)), preprocessing, backbone, keras.layers.GlobalAveragePooling2D()])
head = keras.Sequential([keras.Input(frozen.output_shape[1:]), keras.layers.Dense(10, "softmax")])
model = keras.Sequential([keras.Input((32, 32, 3)), frozen, head])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
