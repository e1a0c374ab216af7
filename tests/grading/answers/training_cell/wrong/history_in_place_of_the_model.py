# Misconception: `fit` returns the trained model.
# Findings: not-a-model
# Loses: 5

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model = history = model.fit(
    splits.train,
    validation_data=splits.validation,
    epochs=profile.scratch_epochs,
    verbose=0,
)
