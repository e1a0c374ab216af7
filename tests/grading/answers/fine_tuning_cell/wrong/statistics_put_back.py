# Misconception: batch normalization was still if its moving averages are put back afterwards.
# Findings: statistics-moved
# Perhaps: history-of-another-model
# Loses: 2

backbone.trainable = True
kept = [(l, l.moving_mean.numpy(), l.moving_variance.numpy()) for l in backbone.layers if isinstance(l, keras.layers.BatchNormalization)]
model.compile(
    optimizer=keras.optimizers.Adam(1e-4), loss="categorical_crossentropy", metrics=["accuracy"]
)
fine_tuned_history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.fine_tune_epochs,
    verbose=0,
)
for l, mean, variance in kept:
    l.moving_mean.assign(mean)
    l.moving_variance.assign(variance)
history = histories.join_histories(frozen_history, fine_tuned_history)
