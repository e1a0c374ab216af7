# Misconception: the helper's head is the whole exercise; it has no preprocessing.
# Findings: wrong-preprocessing
# Loses: 2

model = densenet.build_head(backbone)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
