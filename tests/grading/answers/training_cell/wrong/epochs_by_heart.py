# Misconception: fifteen epochs, as in the text; the profile says how many it really are.
# Findings: history-epochs
# Loses: 1

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(splits.train.take(3), validation_data=splits.validation, epochs=15, verbose=0)
