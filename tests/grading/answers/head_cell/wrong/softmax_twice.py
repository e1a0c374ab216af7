# Misconception: the head ends in softmax, and the whole model too.
# Findings: softmax-twice
# Loses: 1

frozen = densenet.join(densenet.build_preprocessing(profile), backbone, keras.layers.Flatten())
head = keras.Sequential([
    keras.Input(frozen.output_shape[1:]),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(10, activation="softmax"),
])
model = keras.Sequential([frozen, head, keras.layers.Softmax()])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
