# No `Input`: the model is built when it sees its first images.
# Advice: no-regularization

model = keras.models.Sequential([
    keras.layers.Conv2D(16, (5, 5), strides=2, activation="relu"),
    keras.layers.MaxPooling2D((2, 2)),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
