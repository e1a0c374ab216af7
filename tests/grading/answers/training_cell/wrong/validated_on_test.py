# Misconception: validation and test are two words for the same.
# Findings: validated-on-test
# Loses: 1
# One token from: as_asked

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.test, epochs=profile.scratch_epochs)
