"""The reference models of the regularization notebook, each built in one place: here.

`regularized` is also the sample solution of the notebook.
"""

from collections.abc import Callable

FILTERS = (32, 64, 128)
RATES = (0.1, 0.2, 0.3)  # of dropout, one behind each pair of convolutions


def regularized(momentum: float = 0.9):
    """Six convolutions with batch normalization, dropout and horizontal flips.

    Adam's steps move the weights so fast that the moving averages of batch normalization lag
    behind with Keras's default momentum, 0.99, and validation accuracy jumps up and down from
    epoch to epoch; with 0.9 they keep up.
    """
    import keras

    layers = [keras.Input((32, 32, 3)), keras.layers.RandomFlip("horizontal")]
    for filters, rate in zip(FILTERS, RATES, strict=True):
        for _ in range(2):
            layers.append(keras.layers.Conv2D(filters, 3, padding="same", use_bias=False))
            layers.append(keras.layers.BatchNormalization(momentum=momentum))
            layers.append(keras.layers.Activation("relu"))
        layers += [keras.layers.MaxPooling2D(), keras.layers.Dropout(rate)]
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10, activation="softmax")]
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
    """One convolution with 8 filters: too little to learn the task well."""
    import keras

    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(4),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


REFERENCES: dict[str, Callable] = {
    "plain": plain,
    "regularized": regularized,
    "small": small,
}
