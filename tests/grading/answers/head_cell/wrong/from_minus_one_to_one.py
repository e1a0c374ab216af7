# Misconception: every pretrained network wants numbers from -1 to 1, as MobileNet does.
# Findings: wrong-preprocessing
# Loses: 2

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Rescaling(2.0, offset=-1.0),
    backbone,
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
