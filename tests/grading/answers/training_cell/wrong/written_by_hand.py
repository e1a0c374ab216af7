# Misconception: a nice curve is what counts.
# Findings: history-of-another-model
# Loses: 1

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
n = profile.scratch_epochs
history = {
    "loss": [2.0 - 0.3 * i for i in range(n)],
    "val_loss": [2.0 - 0.25 * i for i in range(n)],
    "accuracy": [0.9 + 0.01 * i for i in range(n)],
    "val_accuracy": [0.9 + 0.02 * i for i in range(n)],
}
