# Misconception: the accuracy is always recorded.
# Findings: history-incomplete
# Loses: 1

model.compile(optimizer="adam", loss="categorical_crossentropy")
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
