"""Which operations a SavedModel may consist of: those that compute, and no others.

A graph can also read and write files, call Python, and end the process that runs it. What was
handed over runs isolated, but beside the code that decides on it, so such a graph is not run at
all. The operations are told apart by the family in which TensorFlow itself keeps them: `WriteFile`
is one of `io`, `PyFunc` one of `script`.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.quiet import import_tensorflow

if TYPE_CHECKING:
    from tensorflow.core.framework.function_pb2 import FunctionDef
    from tensorflow.core.framework.node_def_pb2 import NodeDef

COMPUTING = (
    *("array", "math", "nn", "linalg", "spectral", "special_math", "bitwise", "manip", "set"),
    *("image", "audio", "string", "parsing", "clustering", "count", "ctc", "candidate_sampling"),
    *("random", "stateful_random", "stateless_random", "stateless_random_v2"),
    *("random_index_shuffle", "sparse", "ragged_array", "ragged_conversion", "ragged_math"),
    *("control_flow", "functional", "composite_tensor", "optional", "list", "map", "data_flow"),
    *("resource_variable", "state", "training", "lookup", "logging", "rnn", "cudnn_rnn"),
    "uniform_quant",
)
# Of these families, they end the process, or read and write files.
REACHING_OUT = ("Abort", "InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
REACHING_OUT += ("RecordInput",)
TO_FILE = b"file://"  # how the output of `tf.print` begins if it goes to a file
# TensorFlow puts them into every SavedModel, and does not run them when it loads one.
SAVING = ("__inference__traced_save", "__inference__traced_restore")


def foreign_operation(folder: Path) -> str:
    """Return the kind of an operation that does more than compute; empty if there is none.

    Args:
        folder: a SavedModel. It is read and not loaded, so nothing in it runs.

    Raises:
        OSError: it cannot be read as one.
    """
    import_tensorflow()
    from tensorflow.python.saved_model.loader_impl import parse_saved_model

    for graph in parse_saved_model(str(folder)).meta_graphs:
        if not graph.HasField("object_graph_def"):
            return "Session"  # a SavedModel of TensorFlow 1 runs operations while it is loaded
        functions = {each.signature.name: each for each in graph.graph_def.library.function}
        called = set(graph.object_graph_def.concrete_functions)
        called |= {name for each in functions.values() for name in _called_by(each)}
        for name, function in functions.items():
            if name.startswith(SAVING) and name not in called:
                continue
            for node in function.node_def:
                if node.op not in functions and not _computes(node):
                    return node.op
    return ""


def _called_by(function: "FunctionDef") -> Iterable[str]:
    """Return the names of the functions that a function may call."""
    for node in function.node_def:
        yield node.op
        for value in node.attr.values():
            yield value.func.name
            yield from (each.name for each in value.list.func)


def _computes(node: "NodeDef") -> bool:
    import tensorflow as tf

    operation = getattr(tf.raw_ops, node.op, None)
    if operation is None or node.op in REACHING_OUT:
        return False
    if node.attr["output_stream"].s.startswith(TO_FILE):
        return False
    module = operation.__wrapped__.__module__.rpartition(".")[2]
    return module.removeprefix("gen_").replace("_ops", "") in COMPUTING
