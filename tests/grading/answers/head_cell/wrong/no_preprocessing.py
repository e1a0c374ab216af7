# Misconception: images in [0, 1] are good for every network.
# Findings: wrong-preprocessing
# Loses: 2

frozen = keras.Sequential([keras.Input((32, 32, 3)), backbone, keras.layers.Flatten()])
head = keras.Sequential([
    keras.Input(frozen.output_shape[1:]),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(256, activation="relu"),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(10, activation="softmax"),
])
model = keras.Sequential([frozen, head])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
