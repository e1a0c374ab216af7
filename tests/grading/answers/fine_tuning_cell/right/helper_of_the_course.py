# Unfrozen by the helper package, which holds batch normalization still.

densenet.unfreeze_backbone(backbone)
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    callbacks=[densenet.note_first_step(), LiveCurve(splits.caption)],
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
