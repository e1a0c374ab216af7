# Misconception: dropout goes behind every layer, behind softmax as well. In inference it does
# nothing.
# Findings: no-softmax
# Loses: 1

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, activation="relu"),
    keras.layers.Dropout(0.3),
    keras.layers.MaxPooling2D(),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
    keras.layers.Dropout(0.3),
])
