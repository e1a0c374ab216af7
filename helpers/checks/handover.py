"""What a check gets to see: an artifact in a folder, never the learner's own objects.

The notebook's kernel writes the artifact with `write_artifact`. A check opens it with `Artifact`,
in the same kernel for help or in a clean process for points. A model travels as a SavedModel with
up to three endpoints, which needs none of the learner's code to be loaded:

    infer   model(images, training=False)
    train   model(images, training=True), with gradients and dropout alive
    call    model(images), the way a person calls it
"""

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.quiet import import_tensorflow

if TYPE_CHECKING:
    import keras
    import numpy as np
    import tensorflow as tf

IMAGE_SHAPE = (32, 32, 3)


class NotAModel(Exception):
    """What was to be handed over is no model for images of 32x32x3; says why, to a learner."""


def write_artifact(
    folder: Path,
    model: Any,
    *,
    history: Any = None,
    expects_history: bool = False,
    endpoints: tuple[str, ...] = ("infer", "train"),
) -> None:
    """Write a model, and what there is to know about its training, into `folder`.

    The model keeps its weights, its optimizer and its random state; a model that was not built
    yet is built.

    Args:
        folder: a new folder.
        model: what the learner calls a model; anything may come.
        history: what the learner calls a history; anything may come.
        expects_history: whether to hand over a history as well.
        endpoints: which endpoints the check needs; each takes time to trace.
    """
    folder.mkdir(parents=True)
    facts: dict[str, Any] = {}
    try:
        facts |= _save_model(model, folder / "model", endpoints)
    except NotAModel as error:
        facts["not_a_model"] = str(error)
    if expects_history:
        facts |= _describe_history(history)
    (folder / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


def _save_model(model: Any, folder: Path, endpoints: tuple[str, ...]) -> dict[str, Any]:
    import_tensorflow()
    import tensorflow as tf

    _require_model(model)
    signature = [tf.TensorSpec((None, *IMAGE_SHAPE), tf.float32)]
    module = tf.Module()
    calls = {
        "infer": lambda images: model(images, training=False),
        "train": lambda images: model(images, training=True),
        "call": lambda images: model(images),
    }
    for endpoint in endpoints:
        setattr(module, endpoint, tf.function(calls[endpoint], input_signature=signature))
    module.weights = [variable.value for variable in model.variables]
    try:
        tf.saved_model.save(module, str(folder))
    except Exception as error:  # whatever the learner's own layers raise
        raise NotAModel(
            f"Your model could not be traced for images of shape (32, 32, 3): {_first_line(error)}"
        ) from error
    trainable = {id(variable) for variable in model.trainable_variables}
    return {
        "paths": [variable.path for variable in model.variables],
        "trainable": [id(variable) in trainable for variable in model.variables],
        "penalties": len(model.losses),
        "learning_rate": _learning_rate(model),
    }


def _require_model(model: Any) -> None:
    """Build `model` if need be, or raise NotAModel with the reason."""
    import keras
    import tensorflow as tf

    if isinstance(model, type):
        raise NotAModel(f"`model` is the class `{model.__name__}`. Call it to make a model.")
    if isinstance(model, keras.callbacks.History):
        raise NotAModel(
            "`model` is a training history: `model = model.fit(...)` replaces the model by what "
            "`fit` returns. Give the history a name of its own."
        )
    if not isinstance(model, keras.Model):
        raise NotAModel(
            f"`model` is {_describe(model)}, not a Keras model such as `keras.Sequential([...])`."
        )
    try:
        if isinstance(model, keras.Sequential) and not model.built:
            model.build((None, *IMAGE_SHAPE))
        model(tf.zeros((2, *IMAGE_SHAPE)), training=False)
    except Exception as error:  # whatever the learner's own layers raise
        raise NotAModel(
            f"Your model does not take images of shape (32, 32, 3): {_first_line(error)}"
        ) from error


def _describe(value: Any) -> str:
    if value is None:
        return "`None`"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return f"of type `{type(value).__name__}`"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def _learning_rate(model: "keras.Model") -> float | None:
    """Return the optimizer's learning rate, or None where there is none to read."""
    optimizer = getattr(model, "optimizer", None)
    try:
        return float(optimizer.learning_rate)
    except (AttributeError, TypeError, ValueError):
        return None


def _describe_history(history: Any) -> dict[str, Any]:
    from helpers.history import keep_history

    try:
        kept = keep_history(history)
    except (TypeError, ValueError) as error:
        return {"no_history": f"`history` is {_describe(history)}. {_first_line(error)}"}
    curves = {name: list(values) for name, values in kept.curves.items()}
    return {"curves": curves, "boundaries": list(kept.boundaries)}


class Artifact:
    """An artifact that `write_artifact` wrote, opened by a check.

    Attributes:
        facts: what the notebook's kernel said about the model. Good for words, not for points.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self.facts: dict[str, Any] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))

    @cached_property
    def _module(self) -> Any:
        import_tensorflow()
        import tensorflow as tf

        return tf.saved_model.load(str(self._folder / "model"))

    @property
    def weights(self) -> dict[str, "tf.Variable"]:
        """The model's variables by path, in the model's order."""
        return dict(zip(self.facts["paths"], self._module.weights, strict=True))

    @property
    def trainable_weights(self) -> dict[str, "tf.Variable"]:
        """The variables that training changes, by path."""
        chosen = zip(self.weights.items(), self.facts["trainable"], strict=True)
        return {path: variable for (path, variable), trainable in chosen if trainable}

    def infer(self, images: "np.ndarray") -> "np.ndarray":
        """Return the outputs for float32 `images` of shape (n, 32, 32, 3), in inference mode."""
        return self._in_parts(self._module.infer, images)

    def call(self, images: "np.ndarray") -> "np.ndarray":
        """Return what the model gives when it is called without saying in which mode."""
        return self._in_parts(self._module.call, images)

    def train(self, images: "np.ndarray") -> "tf.Tensor":
        """Return the outputs in training mode, as a tensor that gradients flow through."""
        import tensorflow as tf

        return self._module.train(tf.constant(images))

    @staticmethod
    def _in_parts(endpoint: Any, images: "np.ndarray", size: int = 256) -> "np.ndarray":
        import numpy as np
        import tensorflow as tf

        parts = [
            endpoint(tf.constant(images[start : start + size]))
            for start in range(0, len(images), size)
        ]
        return np.concatenate([np.asarray(part) for part in parts])

    @property
    def inference_operations(self) -> set[str]:
        """The kinds of operations between the images and the output in inference."""
        graph = self._module.infer.concrete_functions[0].graph
        return {operation.type for operation in graph.get_operations()}

    def inference_graph(self) -> "tf.Graph":
        """Return the graph of `infer` with its weights as constants.

        Raises:
            ValueError: inference changes a variable, so it has no such graph.
        """
        from tensorflow.python.framework.convert_to_constants import (
            convert_variables_to_constants_v2,
        )

        return convert_variables_to_constants_v2(self._module.infer.concrete_functions[0]).graph
