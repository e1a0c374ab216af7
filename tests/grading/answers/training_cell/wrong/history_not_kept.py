# Misconception: `history` is there by itself after `fit`.
# Findings: stopped
# Loses: 5

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
