# Optimizer, loss and metric as objects.

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
)
history = model.fit(
    splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=2
)
