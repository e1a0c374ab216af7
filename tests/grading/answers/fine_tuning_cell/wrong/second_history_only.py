# Misconception: only the new epochs are of interest.
# Findings: history-epochs
# Loses: 1

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
history = model.fit(
    splits.train, validation_data=splits.validation, epochs=profile.fine_tune_epochs, verbose=0
)
