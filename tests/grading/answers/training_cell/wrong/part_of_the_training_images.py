# Misconception: `validation_split` makes the validation images; those of the course stay unused.
# Findings: history-of-another-model
# Loses: 1

import numpy as np

batches = list(splits.train)
x = np.concatenate([images for images, _ in batches])
y = np.concatenate([labels for _, labels in batches])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, validation_split=0.2, epochs=profile.scratch_epochs, verbose=0)
