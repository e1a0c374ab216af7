# Misconception: a large learning rate learns more.
# Findings: not-trained
# Loses: 4
# One token from: objects_in_place_of_names

model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e3),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
)
history = model.fit(
    splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=2
)
