# Misconception: the model is frozen, as the text says.
# Findings: nothing-to-train
# Loses: 2

frozen = densenet.join(densenet.build_preprocessing(profile), backbone, keras.layers.Flatten())
head = densenet.build_head_alone(frozen.output_shape[1:])
model = densenet.join(frozen, head)
model.trainable = False
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
