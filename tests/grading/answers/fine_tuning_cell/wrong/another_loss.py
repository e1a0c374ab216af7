# Misconception: a distance between two rows is a squared error.
# Findings: other-loss
# Loses: 1
# One token from: as_asked

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="mse", metrics=["accuracy"]
)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
