# A recurrent network that reads the image row by row; no convolution.
# Advice: no-convolution

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Reshape((32, 96)),
    keras.layers.GRU(32, dropout=0.1),
    keras.layers.Dense(10, activation="softmax"),
])
