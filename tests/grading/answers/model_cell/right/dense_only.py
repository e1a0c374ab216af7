# No convolution, no regularization, too many weights: allowed, with advice.
# Advice: no-convolution, no-regularization, many-parameters

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Flatten(),
    keras.layers.Dense(1000, activation="relu"),
    keras.layers.Dense(10, activation="softmax"),
])
