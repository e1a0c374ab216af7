"""What a check gets to see: an artifact in a folder, never the learner's own objects.

The notebook's kernel writes the artifact with `write_artifact`. A check opens it with `Artifact`,
in the same kernel for help or in a clean process for points. A model travels as a SavedModel with
up to three endpoints, which needs none of the learner's code to be loaded:

    infer   model(images, training=False)
    train   model(images, training=True), with gradients and dropout alive, and its penalties
    call    model(images), the way a person calls it

There is this one way, and not a `.keras` file where that loads in safe mode: two ways could judge
the same model differently, and a file does not hold what a `call` of the learner's own does in
training. Of the 63 right models of the bank, 52 came back from a `.keras` file in safe mode, and
63 from a SavedModel (`python -m tests.benchmarks.handover`): classes of one's own, `Lambda` and
TensorFlow's own functions are what a file loses. Saving takes longer so, opening does not.
"""

import json
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.checks.operations import foreign_operation
from helpers.checks.state import random_state_kept
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

    The model is only traced, never run, so it keeps its weights, its optimizer and its random
    state. A model that was not built yet is built, as its first `fit` would do.

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
        facts |= describe_history(history)
    (folder / "facts.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")


def count_weights(model: Any) -> int:
    """Return of how many arrays a model consists: a measure of how long tracing it takes."""
    import_tensorflow()
    import keras

    return len(model.variables) if isinstance(model, keras.Model) else 0


def _save_model(model: Any, folder: Path, endpoints: tuple[str, ...]) -> dict[str, Any]:
    import_tensorflow()
    import tensorflow as tf

    _require_model(model)
    try:
        _build(model)
        with random_state_kept():
            module = _trace(model, endpoints)
            tf.saved_model.save(module, str(folder))
    except NotAModel:
        raise
    except Exception as error:  # whatever the learner's own layers raise
        raise NotAModel(_does_not_take_images(model, error)) from error
    trainable = {id(variable) for variable in model.trainable_variables}
    return {
        "paths": _different([variable.path for variable in model.variables]),
        "trainable": [id(variable) in trainable for variable in model.variables],
        "last_layer": _last_layer(model),
        "loss": _loss(model),
        "optimizer": _optimizer(model),
        "averaged": bool(getattr(_inner_optimizer(model), "use_ema", False)),
        "learning_rates": _learning_rates(model),
    }


def _require_model(model: Any) -> None:
    """Raise NotAModel with the reason if `model` is something else."""
    import keras

    if isinstance(model, type):
        raise NotAModel(f"`model` is the class `{model.__name__}`, not a model made from it.")
    if isinstance(model, keras.callbacks.History):
        raise NotAModel(
            "`model` is a training history: `model = model.fit(...)` replaces the model by what "
            "`fit` returns. Give the history a name of its own."
        )
    if not isinstance(model, keras.Model):
        hint = ""
        if model is None:
            hint = (
                " Methods such as `compile`, `add` and `summary` change a model and return `None`."
            )
        elif isinstance(model, keras.KerasTensor):
            hint = " It is what a layer gives: a model also knows where it begins."
        raise NotAModel(
            f"`model` is {describe(model)}, not a Keras model such as `keras.Sequential([...])`."
            + hint
        )


def _build(model: "keras.Model") -> None:
    """Build a model whose layers wait for their first images."""
    import keras

    if model.built:
        return
    if isinstance(model, keras.Sequential):
        model.build((None, *IMAGE_SHAPE))
    else:
        # Inside a function, so that no layer runs that is random even in inference.
        _as_function(lambda images: model(images, training=False)).get_concrete_function()


def _trace(model: "keras.Model", endpoints: tuple[str, ...]) -> "tf.Module":
    """Return a module with the endpoints, and with every variable that they use."""
    import tensorflow as tf

    calls: dict[str, Callable] = {
        "infer": lambda images: _one_output(model(images, training=False)),
        "train": lambda images: (
            _one_output(model(_without_gradient(images), training=True)),
            _penalty(model),
        ),
        "call": lambda images: _one_output(model(images)),
    }
    # What is traced already is saved as it is; a function would be traced once more.
    traced = {name: _as_function(calls[name]).get_concrete_function() for name in endpoints}
    if "call" in traced and _operations_of(traced["call"]) == _operations_of(traced["infer"]):
        del traced["call"]  # the same once more takes time to save and to load
    module = tf.Module()
    for endpoint, function in traced.items():
        setattr(module, endpoint, function)
    module.weights = [variable.value for variable in model.variables]
    # Keras does not know of all that are used: a layer may hold a plain `tf.Variable`.
    module.others = [variable for each in traced.values() for variable in each.graph.variables]
    return module


def _without_gradient(images: "tf.Tensor") -> "tf.Tensor":
    """Return the same images, cut off from the gradients of a loaded model.

    A loaded function is differentiated with respect to all its inputs. In between may be functions
    without a derivative, such as `tf.image.random_contrast`, which no training asks for one.
    """
    import tensorflow as tf

    # Behind `tf.stop_gradient`, TensorFlow still wants derivatives; from integers none come.
    return tf.bitcast(tf.bitcast(images, tf.int32), tf.float32)


def _operations_of(traced: "tf.types.experimental.ConcreteFunction") -> list[str]:
    return [operation.type for operation in traced.graph.get_operations()]


def _as_function(call: Callable) -> "tf.types.experimental.PolymorphicFunction":
    """Return `call` as a TensorFlow function of a batch of images."""
    import tensorflow as tf

    images = tf.TensorSpec((None, *IMAGE_SHAPE), tf.float32, name="images")
    # Keras does not use AutoGraph either, and it buries the message of an error.
    return tf.function(call, input_signature=[images], autograph=False)


def _penalty(model: "keras.Model") -> "tf.Tensor":
    """Return the sum of the penalties that the model's last call left behind."""
    import tensorflow as tf

    penalties = [tf.reduce_sum(tf.cast(loss, tf.float32)) for loss in model.losses]
    return tf.add_n(penalties) if penalties else tf.constant(0.0)


def _one_output(outputs: Any) -> "tf.Tensor":
    """Return the only output, or raise NotAModel."""
    import tensorflow as tf

    flat = tf.nest.flatten(outputs)
    if len(flat) != 1:
        raise NotAModel(
            f"Your model gives {len(flat)} outputs for an image; expected is one, a row of ten "
            "numbers."
        )
    return flat[0]


def _does_not_take_images(model: "keras.Model", error: Exception) -> str:
    try:
        shape = tuple(model.input_shape[1:])
    except (AttributeError, TypeError):  # not every model knows what it takes
        shape = IMAGE_SHAPE
    if shape != IMAGE_SHAPE:
        return f"Your model takes images of shape {shape}; those of the course have {IMAGE_SHAPE}."
    return f"Your model does not take images of shape {IMAGE_SHAPE}: {_reason(error)}"


def describe(value: Any) -> str:
    """Say in a few words what a learner's value is."""
    if value is None:
        return "`None`"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    return f"a `{type(value).__name__}`"


def _reason(error: Exception) -> str:
    """Return the line of an error that says what is wrong; Keras puts others around it."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("Exception encountered")]
    if any("singleton tf.Variable" in line for line in lines):
        return "it makes new weights whenever it is called. Layers are made once, in `__init__`."
    return (lines[0] if lines else type(error).__name__)[:300]


def _different(paths: list[str]) -> list[str]:
    """Number the paths that occur more than once, as in two branches with the same names."""
    return [
        f"{paths[:index].count(path) + 1}/{path}" if path in paths[:index] else path
        for index, path in enumerate(paths)
    ]


def _last_layer(model: "keras.Model") -> dict[str, str] | None:
    """Return name and activation of the last layer; None where that cannot be told."""
    import keras

    last: Any = model
    while isinstance(last, keras.Model):
        inside = last.layers if isinstance(last, keras.Sequential) else _operations(last)
        if not inside:
            return None
        last = inside[-1]
    units = f"({last.units})" if isinstance(last, keras.layers.Dense) else ""
    activation = getattr(last, "activation", None)
    return {
        "layer": f"{type(last).__name__}{units}",
        "activation": getattr(activation, "__name__", ""),
    }


def _operations(model: "keras.Model") -> list:
    """Return the operations of a functional model, the last one at the end; else nothing."""
    return getattr(model, "operations", [])


def _loss(model: "keras.Model") -> dict[str, Any] | None:
    """Return what is known about the loss that the model was compiled with; None without one."""
    loss = getattr(model, "loss", None)
    if loss is None:
        return None
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    smoothing = getattr(loss, "label_smoothing", 0.0)
    return {
        "name": str(name),
        "label_smoothing": smoothing if isinstance(smoothing, int | float) else 0.0,
    }


def _optimizer(model: "keras.Model") -> str | None:
    optimizer = _inner_optimizer(model)
    return None if optimizer is None else type(optimizer).__name__


def _inner_optimizer(model: "keras.Model") -> Any:
    """Return the optimizer that takes the steps, also where it is wrapped for mixed precision."""
    optimizer = getattr(model, "optimizer", None)
    return getattr(optimizer, "inner_optimizer", optimizer)


def _learning_rates(model: "keras.Model", count: int = 11) -> list[float]:
    """Return the learning rates from the optimizer's first step to its last one so far.

    Args:
        model: the model.
        count: how many, evenly spaced, if a schedule changes them.

    Returns:
        Learning rates; empty where there are none to read, and where no step was taken.
    """
    import keras
    import numpy as np

    optimizer = _inner_optimizer(model)
    if not int(getattr(optimizer, "iterations", 0)):
        return []  # a rate that was never used says nothing
    # Keras shows only the rate of the present step (seen with Keras 3.15.1).
    schedule = getattr(optimizer, "_learning_rate", None)
    try:
        if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            steps = np.linspace(0, int(optimizer.iterations), count).astype(int)
            return [float(schedule(step)) for step in np.unique(steps)]
        return [float(optimizer.learning_rate)]
    except (AttributeError, TypeError, ValueError):
        return []


def describe_history(history: Any) -> dict[str, Any]:
    """Return the curves of a history as plain numbers, or why it is none."""
    from helpers.history import keep_history

    try:
        kept = keep_history(history)
    except (TypeError, ValueError):
        return {"no_history": f"`history` is {describe(history)}, not what `fit` returned."}
    curves = {name: list(values) for name, values in kept.curves.items()}
    return {"curves": curves, "boundaries": list(kept.boundaries)}


class Artifact:
    """An artifact that `write_artifact` wrote, opened by a check.

    Attributes:
        folder: where it is.
        facts: what the notebook's kernel said about the model: words, and what only a kernel can
            know, such as which weights are frozen. What a model does is tried out instead.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.facts: dict[str, Any] = json.loads((folder / "facts.json").read_text(encoding="utf-8"))

    @cached_property
    def reaches_out(self) -> str:
        """Say which of the model's operations does more than compute; empty if none does."""
        kind = foreign_operation(self.folder / "model")
        return kind and (
            f"Your model contains TensorFlow's operation `{kind}`, which reaches beyond the model, "
            "to files or to Python. Nothing of that can be handed over with it."
        )

    @cached_property
    def _module(self) -> Any:
        import_tensorflow()
        import tensorflow as tf

        if self.reaches_out:
            raise NotAModel(self.reaches_out)
        return tf.saved_model.load(str(self.folder / "model"))

    @cached_property
    def weights(self) -> dict[str, "tf.Variable"]:
        """The model's variables by path, in the model's order."""
        return dict(zip(self.facts["paths"], self._module.weights, strict=True))

    @property
    def trainable_weights(self) -> dict[str, "tf.Variable"]:
        """The variables that training changes, by path."""
        return self._chosen(trainable=True)

    @property
    def untrainable_weights(self) -> dict[str, "tf.Variable"]:
        """The variables that are frozen, moving averages and seeds of random layers, by path."""
        return self._chosen(trainable=False)

    def _chosen(self, trainable: bool) -> dict[str, "tf.Variable"]:
        pairs = zip(self.weights.items(), self.facts["trainable"], strict=True)
        return {path: variable for (path, variable), is_so in pairs if is_so == trainable}

    def infer(self, images: "np.ndarray") -> "np.ndarray":
        """Return the outputs for float32 `images` of shape (n, 32, 32, 3), in inference mode."""
        return self._in_parts(self._module.infer, images)

    def call(self, images: "np.ndarray") -> "np.ndarray":
        """Return what the model gives when it is called without saying in which mode."""
        # Without an endpoint of its own, a call does what inference does.
        return self._in_parts(getattr(self._module, "call", self._module.infer), images)

    def train(self, images: "np.ndarray") -> "tf.Tensor":
        """Return the outputs in training mode, as a tensor that gradients flow through."""
        return self.train_with_penalty(images)[0]

    def train_with_penalty(self, images: "np.ndarray") -> tuple["tf.Tensor", "tf.Tensor"]:
        """Return the outputs in training mode, and the sum of all penalties."""
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
    def inference_output(self) -> "tf.Tensor":
        """The output of the traced inference, from which its graph can be walked."""
        return self._module.infer.outputs[0]

    @property
    def inference_operations(self) -> set[str]:
        """The kinds of operations in inference, those of functions inside it included."""
        return {node.op for node in self._inference_nodes}

    @property
    def is_rounded(self) -> bool:
        """Whether inference computes with 16 bits somewhere."""
        import tensorflow as tf

        short = (tf.float16.as_datatype_enum, tf.bfloat16.as_datatype_enum)
        types = (kind.type for node in self._inference_nodes for kind in node.attr.values())
        return any(kind in short for kind in types)

    @property
    def _inference_nodes(self) -> list:
        graph = self.inference_output.graph.as_graph_def()
        inside = (node for function in graph.library.function for node in function.node_def)
        return [*graph.node, *inside]

    def inference_graph(self) -> "tf.Graph":
        """Return the graph of `infer` with its weights as constants.

        Raises:
            ValueError: inference changes a variable, so it has no such graph.
        """
        from tensorflow.python.framework.convert_to_constants import (
            convert_variables_to_constants_v2,
        )

        return convert_variables_to_constants_v2(self._module.infer).graph
