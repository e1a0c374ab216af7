# The same numbers as the preprocessing layer, subtracted and divided as operations.

mean, variance = preprocessing.mean, preprocessing.variance
inputs = keras.Input((32, 32, 3))
x = (inputs - mean) / keras.ops.sqrt(variance)
x = backbone(x)
x = keras.layers.Flatten()(x)
x = keras.layers.BatchNormalization()(x)
outputs = keras.layers.Dense(10, activation="softmax")(x)
model = keras.Model(inputs, outputs)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
