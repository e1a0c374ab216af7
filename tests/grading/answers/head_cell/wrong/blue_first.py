# Misconception: networks read blue, green, red; some older ones did.
# Findings: colours-swapped
# Loses: 2

inputs = keras.Input((32, 32, 3))
x = densenet.build_preprocessing(profile)(inputs[..., ::-1])
x = backbone(x)
x = keras.layers.Flatten()(x)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
