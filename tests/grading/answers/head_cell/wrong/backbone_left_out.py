# Misconception: the preprocessing is the backbone.
# Findings: no-backbone
# Loses: 5

frozen = keras.Sequential([keras.Input((32, 32, 3)), densenet.build_preprocessing(profile), keras.layers.Flatten()])
head = keras.Sequential([
    keras.Input(frozen.output_shape[1:]),
    keras.layers.Dense(256, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
model = keras.Sequential([frozen, head])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
