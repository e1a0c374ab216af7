# Misconception: `preprocess_input` of Keras fits; it expects pixels up to 255 and divides them.
# Findings: wrong-preprocessing
# Loses: 2

inputs = keras.Input((32, 32, 3))
x = keras.applications.densenet.preprocess_input(inputs)
x = backbone(x)
x = keras.layers.Flatten()(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
