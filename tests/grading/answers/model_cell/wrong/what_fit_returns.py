# Misconception: `fit` returns the trained model; it returns the history.
# Findings: not-a-model
# Loses: 5

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile("adam", "categorical_crossentropy")
model = model.fit(splits.train.take(1), verbose=0)
