# Compiled, then unfrozen: works here, because the compiled model has taken no step before.

model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
