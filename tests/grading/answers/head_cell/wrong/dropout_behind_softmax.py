# Misconception: dropout comes last. In inference it does nothing.
# Findings: no-softmax
# Loses: 1

frozen = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Flatten(),
])
head = keras.Sequential([
    keras.Input(frozen.output_shape[1:]),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(256, activation="relu"),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(10, activation="softmax"),
])

model = keras.Sequential([keras.Input((32, 32, 3)), frozen, head, keras.layers.Dropout(0.5)])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
