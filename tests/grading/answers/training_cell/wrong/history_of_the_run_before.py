# Misconception: a second run of the same cells gives the same model, so the first history will do.
# Findings: history-of-another-model
# Loses: 1

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
# better with a larger learning rate?
model.compile(optimizer=keras.optimizers.Adam(2e-3), loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(splits.train, validation_data=splits.validation, epochs=1, verbose=0)
