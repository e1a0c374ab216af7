# Weight decay in the optimizer, a schedule in a callback, the best weights kept.

model.compile(
    keras.optimizers.AdamW(2e-3, weight_decay=1e-4), "categorical_crossentropy", metrics=["accuracy"]
)
history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.scratch_epochs,
    callbacks=[
        keras.callbacks.ReduceLROnPlateau(patience=1),
        keras.callbacks.EarlyStopping(patience=50, restore_best_weights=True, start_from_epoch=1),
    ],
    verbose=0,
)
