# Misconception: unfreeze and go on: nothing held still, Adam as it comes, the new history only.
# Findings: learning-rate-too-high, statistics-moved, history-epochs
# Loses: 4

backbone.trainable = True
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train, validation_data=splits.validation, epochs=profile.fine_tune_epochs, verbose=0)
