# Misconception: batch normalization goes behind every layer, behind softmax as well. In inference,
# with moving averages that never moved, the ten numbers are still probabilities.
# Findings: no-softmax
# Loses: 1

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, activation="relu"),
    keras.layers.BatchNormalization(),
    keras.layers.MaxPooling2D(),
    keras.layers.Flatten(),
    keras.layers.Dense(64, activation="relu"),
    keras.layers.BatchNormalization(),
    keras.layers.Dense(10, activation="softmax"),
    keras.layers.BatchNormalization(),
])
