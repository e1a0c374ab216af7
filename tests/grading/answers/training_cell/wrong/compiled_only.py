# Misconception: `compile` trains.
# Findings: not-trained, history-incomplete
# Loses: 5

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = {}
