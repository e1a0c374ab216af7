# Misconception: all but the last layer is frozen.
# Findings: head-frozen
# Loses: 2

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    densenet.build_preprocessing(profile),
    backbone,
    keras.layers.Flatten(),
    keras.layers.Dense(256, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
for layer in model.layers[:-1]:
    layer.trainable = False
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
