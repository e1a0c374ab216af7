# The weights of the epoch with the best accuracy are put back; the loss was lower in another one.

model.compile(optimizer=keras.optimizers.Adam(5e-3), loss="categorical_crossentropy", metrics=["accuracy"])
best = keras.callbacks.EarlyStopping("val_accuracy", mode="max", patience=100, restore_best_weights=True)
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, callbacks=[best], verbose=0)
