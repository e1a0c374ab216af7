# The cell does more than it has to: it measures time, compiles, and tries a batch.

%%time
model = keras.Sequential()
model.add(keras.Input((32, 32, 3)))
model.add(keras.layers.Conv2D(16, 3, padding="same", activation="relu"))
model.add(keras.layers.Conv2D(16, 3, strides=3, padding="same", activation="relu"))
model.add(keras.layers.BatchNormalization())
model.add(keras.layers.GlobalAveragePooling2D())
model.add(keras.layers.Dense(10))
model.add(keras.layers.Softmax())
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])

batch, target = next(iter(splits.train))
print(model.predict(batch[:4], verbose=0).shape)
model.fit(batch, target, epochs=1, verbose=0)
