# Misconception: a feature map of one place is flat already.
# Findings: wrong-output-shape
# Loses: 6

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Dense(256, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
