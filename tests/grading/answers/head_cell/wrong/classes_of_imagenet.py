# Misconception: the head keeps the number of classes of the old task.
# Findings: wrong-output-shape
# Loses: 6

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(1000, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
