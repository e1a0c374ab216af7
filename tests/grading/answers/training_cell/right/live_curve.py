# With the live curve of the notebook.

model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    splits.train,
    epochs=profile.scratch_epochs,
    validation_data=splits.validation,
    callbacks=[LiveCurve(splits.caption)],
    verbose=0,
)
