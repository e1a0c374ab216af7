# Misconception: labels are numbers from 0 to 9; these are rows of ten.
# Findings: stopped
# Loses: 5
# One token from: as_asked

model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs)
