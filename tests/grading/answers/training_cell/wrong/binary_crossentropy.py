# Misconception: ones and zeros are labels for a binary loss.
# Findings: other-loss
# Loses: 1
# One token from: as_asked

model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs)
