"""Weights files of the format that Keras downloads for DenseNet201, with other numbers in them."""

from pathlib import Path
from typing import TYPE_CHECKING

import h5py

if TYPE_CHECKING:
    import keras


def write_as_keras_downloads(model: "keras.Model", path: Path) -> None:
    """Write weights the way `densenet201_..._notop.h5` holds them, an HDF5 file of Keras 2.

    The names of all layers stand in an attribute, in their order; each layer's group lists its
    weights. There the first two layers are called conv1/conv and conv1/bn.
    """
    names = {"conv1_conv": "conv1/conv", "conv1_bn": "conv1/bn", "conv1_relu": "conv1/relu"}
    with h5py.File(path, "w") as file:
        order = [names.get(layer.name, layer.name) for layer in model.layers]
        file.attrs["layer_names"] = [name.encode() for name in order]
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"2.1.5"
        for name, layer in zip(order, model.layers, strict=True):
            group = file.create_group(name)
            weights = {f"{name}/{weight.name}:0": weight.numpy() for weight in layer.weights}
            group.attrs["weight_names"] = [weight.encode() for weight in weights]
            for weight, value in weights.items():
                group.create_dataset(weight, data=value)
