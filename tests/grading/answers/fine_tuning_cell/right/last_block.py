# Only the last block, with a smaller learning rate.

densenet.unfreeze_backbone(backbone, from_block="conv5")
model.compile(
    optimizer=keras.optimizers.Adam(3e-5), loss="categorical_crossentropy", metrics=["accuracy"]
)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
