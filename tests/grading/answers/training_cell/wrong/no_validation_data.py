# Misconception: validation comes later, when everything is trained.
# Findings: history-incomplete
# Loses: 1

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, epochs=profile.scratch_epochs, verbose=0)
