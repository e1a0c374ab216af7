# Misconception: the two numbers of `evaluate` are the history.
# Findings: history-not-kept
# Loses: 1

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
history = model.evaluate(splits.validation, verbose=0)
