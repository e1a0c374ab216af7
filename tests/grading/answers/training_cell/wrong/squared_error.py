# Misconception: a loss is a distance, so the squared error will do.
# Findings: other-loss
# Loses: 1
# One token from: as_asked

model.compile(optimizer="adam", loss="mse", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs)
