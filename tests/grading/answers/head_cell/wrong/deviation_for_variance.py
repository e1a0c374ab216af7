# Misconception: the layer's `variance` is the standard deviation.
# Findings: wrong-preprocessing
# Loses: 2

import numpy as np

mean = np.array(preprocessing.mean).ravel()
deviation = np.sqrt(np.array(preprocessing.variance).ravel())
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Normalization(mean=mean, variance=deviation),
    backbone,
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
