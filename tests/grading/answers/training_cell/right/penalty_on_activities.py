# The model built anew, with a penalty on what flows through it: it differs from batch to batch.

model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu", activity_regularizer="l2"),
    keras.layers.Flatten(),
    keras.layers.ActivityRegularization(l1=1e-3),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
