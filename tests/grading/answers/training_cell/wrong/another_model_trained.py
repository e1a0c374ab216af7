# Misconception: `clone_model` gives a second name for the same model.
# Findings: not-trained, history-of-another-model
# Loses: 5

to_train = keras.models.clone_model(model)
to_train.compile(optimizer=keras.optimizers.Adam(3e-3), loss="categorical_crossentropy", metrics=["accuracy"])
history = to_train.fit(splits.train, validation_data=splits.validation, epochs=2 * profile.scratch_epochs, verbose=0)
history.history = {name: values[-profile.scratch_epochs:] for name, values in history.history.items()}
