# The dictionary inside the history, under a name of its own first.

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
hist = model.fit(
    splits.train, validation_data=splits.validation, epochs=profile.scratch_epochs, verbose=0
)
history = hist.history
print(history.keys())
