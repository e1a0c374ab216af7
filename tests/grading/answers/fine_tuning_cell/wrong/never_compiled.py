# Misconception: the model was compiled in the exercise before; that was with 0.001.
# Findings: learning-rate-too-high
# Perhaps: not-trained
# Loses: 1

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
