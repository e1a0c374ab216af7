# Misconception: `clone_model` copies the weights; it draws new ones.
# Findings: no-backbone
# Loses: 5

copy = keras.models.clone_model(backbone)
copy.trainable = False
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    copy,
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
