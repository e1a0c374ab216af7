# Misconception: the architecture is what is reused.
# Findings: no-backbone
# Loses: 5

backbone = densenet.build_backbone(profile, weights="random")
backbone.trainable = False
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
