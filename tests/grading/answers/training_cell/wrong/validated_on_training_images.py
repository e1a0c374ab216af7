# Misconception: the validation images are some of those it trains on.
# Findings: validated-on-training
# Loses: 1
# One token from: as_asked

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.train, epochs=profile.scratch_epochs)
