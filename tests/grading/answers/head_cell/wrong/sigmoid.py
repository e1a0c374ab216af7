# Misconception: ten yes-or-no answers.
# Findings: no-softmax
# Loses: 1
# One token from: names_of_the_backbone

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Flatten(),
    keras.layers.BatchNormalization(name="bn"),
    keras.layers.Dense(10, activation="sigmoid", name="output"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
