# Misconception: batch normalization will find the right numbers by itself.
# Findings: wrong-preprocessing
# Loses: 2

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.BatchNormalization(),
    backbone,
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
