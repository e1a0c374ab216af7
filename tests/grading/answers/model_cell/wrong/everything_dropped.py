# Misconception: a rate of dropout is the share that is kept.
# Findings: no-gradient, does-not-learn
# Loses: 2
# One token from: dropout_rate_small

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dropout(1),
    keras.layers.Dense(10, activation="softmax"),
])
