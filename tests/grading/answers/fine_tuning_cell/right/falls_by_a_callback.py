# A callback lowers the learning rate far below what is right, after half of the epochs.

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: (1e-4, 5e-7)[epoch >= profile.fine_tune_epochs // 2])],
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
