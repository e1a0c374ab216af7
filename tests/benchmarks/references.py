"""The reference models of the regularization notebook, each built in one place: here.

`regularized` is also the sample solution of the notebook.
"""

from collections.abc import Callable

FILTERS = (32, 64, 128)


def regularized():
    """Three pairs of 3x3 convolutions with batch normalization, augmentation, and dropout."""
    import keras

    layers = [
        keras.Input((32, 32, 3)),
        keras.layers.RandomFlip("horizontal"),
        keras.layers.RandomTranslation(0.1, 0.1),
    ]
    for filters in FILTERS:
        for _ in range(2):
            layers.append(keras.layers.Conv2D(filters, 3, padding="same", use_bias=False))
            layers.append(keras.layers.BatchNormalization())
            layers.append(keras.layers.Activation("relu"))
        layers.append(keras.layers.MaxPooling2D())
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dropout(0.3)]
    layers.append(keras.layers.Dense(10, activation="softmax"))
    return keras.Sequential(layers)


def plain():
    """The same six convolutions, and nothing against overfitting."""
    import keras

    layers = [keras.Input((32, 32, 3))]
    for filters in FILTERS:
        for _ in range(2):
            layers.append(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D())
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10, activation="softmax")]
    return keras.Sequential(layers)


def small():
    """Two convolutions with 8 and 16 filters: too little to learn the task well."""
    import keras

    layers = [keras.Input((32, 32, 3))]
    for filters in (8, 16):
        layers.append(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
        layers.append(keras.layers.MaxPooling2D())
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10, activation="softmax")]
    return keras.Sequential(layers)


REFERENCES: dict[str, Callable] = {
    "plain": plain,
    "regularized": regularized,
    "small": small,
}
