# Misconception: `compile` returns the compiled model; it returns nothing.
# Findings: not-a-model
# Loses: 5

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
    keras.layers.Dropout(0.2),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
]).compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
