# Misconception: none; the other name was completed.
# Findings: history-repeated
# Loses: 1
# One token from: as_asked

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
    verbose=0,
)
history = histories.join_histories(fine_tuned_history, fine_tuned_history)
