# Misconception: the head is the model; it takes features, not images.
# Findings: not-a-model
# Loses: 6

frozen = densenet.join(densenet.build_preprocessing(profile), backbone, keras.layers.Flatten())
head = keras.Sequential([
    keras.Input(frozen.output_shape[1:]),
    keras.layers.Dense(256, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
model = head
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
