# Misconception: a schedule may begin anywhere, since it ends at zero.
# Findings: learning-rate-too-high
# Perhaps: not-trained
# Loses: 1

backbone.trainable = True
for layer in backbone.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.trainable = False
steps = len(splits.train) * profile.fine_tune_epochs
schedule = keras.optimizers.schedules.CosineDecay(8e-4, decay_steps=steps)
model.compile(
    optimizer=keras.optimizers.Adam(schedule), loss="categorical_crossentropy", metrics=["accuracy"]
)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    verbose=0,
)
history = histories.join_histories(frozen_history, fine_tuned_history)
