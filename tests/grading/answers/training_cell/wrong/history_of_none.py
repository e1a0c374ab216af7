# Misconception: the history has to be defined first, and `fit` will fill it.
# Findings: history-not-kept
# Loses: 1

history = None
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
