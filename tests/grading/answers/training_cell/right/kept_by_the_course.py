# The history turned into the course's own.

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
result = model.fit(splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0)
history = histories.keep_history(result, label="my network")
