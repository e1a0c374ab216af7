# A rate given as a number without a point.
# Advice: no-regularization

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dropout(0),
    keras.layers.Dense(10, activation="softmax"),
])
