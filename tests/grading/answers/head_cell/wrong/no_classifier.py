# Misconception: features are the answer.
# Findings: wrong-output-shape
# Loses: 6

frozen = densenet.join(densenet.build_preprocessing(profile), backbone, keras.layers.Flatten())
model = frozen
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
