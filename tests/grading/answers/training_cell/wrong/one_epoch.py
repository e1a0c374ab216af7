# Misconception: an epoch is a training.
# Findings: history-epochs
# Loses: 1

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, verbose=0)
