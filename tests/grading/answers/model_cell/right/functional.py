# The functional interface, softmax as the last activation.

inputs = keras.Input(shape=(32, 32, 3), name="image")
x = keras.layers.Conv2D(32, 3, strides=2, activation="relu")(inputs)
x = keras.layers.Conv2D(64, 3, strides=2, activation="relu")(x)
x = keras.layers.GlobalAveragePooling2D()(x)
x = keras.layers.Dropout(0.3)(x)
outputs = keras.layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)
