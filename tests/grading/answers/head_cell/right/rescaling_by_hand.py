# Mean and deviation as scale and offset of a `Rescaling` layer.

import numpy as np

mean = np.array(preprocessing.mean).ravel()
std = np.sqrt(np.array(preprocessing.variance).ravel())
scale = keras.layers.Rescaling(scale=list(1 / std), offset=list(-mean / std))
model = keras.Sequential([
    keras.Input((32, 32, 3)), scale, backbone, keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")
])
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
