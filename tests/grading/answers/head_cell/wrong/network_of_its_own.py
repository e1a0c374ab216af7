# Misconception: any good network will do.
# Findings: no-backbone
# Loses: 5

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Conv2D(64, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(256, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
