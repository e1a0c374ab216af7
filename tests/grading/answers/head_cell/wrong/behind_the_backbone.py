# Misconception: normalization goes in front of the head, that is, behind the backbone.
# Findings: wrong-preprocessing
# Loses: 2

import numpy as np

inputs = keras.Input((32, 32, 3))
x = backbone(inputs)
x = keras.layers.Flatten()(x)
x = (x - float(np.mean(preprocessing.mean))) / float(np.mean(preprocessing.variance)) ** 0.5
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(x))
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
