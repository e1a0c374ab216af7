# An architecture from `keras.applications`, untrained.

model = keras.applications.MobileNet(
    input_shape=(32, 32, 3), alpha=0.25, weights=None, classes=10, dropout=0.2
)
