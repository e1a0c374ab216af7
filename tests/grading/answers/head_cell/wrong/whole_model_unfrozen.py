# Misconception: a model has to be made trainable, layer by layer, before it is trained.
# Findings: backbone-trainable
# Loses: 2

frozen = densenet.join(densenet.build_preprocessing(profile), backbone, keras.layers.Flatten())
head = densenet.build_head_alone(frozen.output_shape[1:])
model = densenet.join(frozen, head)
for layer in model.layers:
    layer.trainable = True
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
