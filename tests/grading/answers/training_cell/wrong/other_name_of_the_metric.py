# Misconception: it does not matter what the accuracy is called.
# Findings: history-incomplete
# Loses: 1

model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=[keras.metrics.CategoricalAccuracy()],
)
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
