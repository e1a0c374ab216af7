# Misconception: the loss makes probabilities from anything; this one does not.
# Findings: no-softmax
# Loses: 1

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dropout(0.3),
    keras.layers.Dense(10),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
