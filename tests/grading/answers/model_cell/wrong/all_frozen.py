# Misconception: freezing protects a model.
# Findings: nothing-to-train, does-not-learn
# Loses: 2

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Dropout(0.2),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.trainable = False
