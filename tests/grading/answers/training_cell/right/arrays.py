# All images in two arrays, in batches of 64.

import numpy as np

def to_arrays(dataset):
    xs, ys = zip(*[(x.numpy(), y.numpy()) for x, y in dataset])
    return np.concatenate(xs), np.concatenate(ys)

x_train, y_train = to_arrays(splits.train)
x_val, y_val = to_arrays(splits.validation)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train, y_train, batch_size=64, epochs=profile.scratch_epochs, validation_data=(x_val, y_val), verbose=0
)
