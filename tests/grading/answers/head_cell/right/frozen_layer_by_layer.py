# Every layer frozen by itself, in a loop.

backbone.trainable = True
for layer in backbone.layers:
    layer.trainable = False

model = keras.Sequential()
model.add(keras.Input((32, 32, 3)))
model.add(densenet.build_preprocessing(profile))
model.add(backbone)
model.add(keras.layers.Flatten())
model.add(keras.layers.Dense(32, activation="relu"))
model.add(keras.layers.BatchNormalization())
model.add(keras.layers.Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
