# Misconception: pixels have to be divided by 255; they were already.
# Findings: wrong-preprocessing
# Loses: 2

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Rescaling(1 / 255),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
