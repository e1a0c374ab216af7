"""Keep stderr for what is wrong: TensorFlow writes harmless notes there while it is imported."""

import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

HARMLESS = (
    "All log messages before absl::InitializeLog()",
    "cudart_stub.cc",  # "Could not find cuda drivers": true of every machine without a GPU
    "cpu_feature_guard.cc",
    "oneDNN custom operations are on",  # on processors that have use for them
    "Created TensorFlow Lite XNNPACK delegate",  # LiteRT, with its first model
    "fully_quantize:",  # LiteRT's converter, with its settings
)


def import_tensorflow() -> None:
    """Import TensorFlow and Keras without the notes that they write to stderr on every machine.

    `TF_CPP_MIN_LOG_LEVEL` does not silence all of them (seen with TensorFlow 2.21). Whatever else
    is written there is passed on. Two later notes are switched off as well: Keras 3.15 warns in
    every `fit` that a `tf.data.Dataset` shuffles itself, and TensorFlow tells each saved model.
    """
    if "tensorflow" not in sys.modules:
        with without_harmless_lines():
            import keras  # noqa: F401
            import tensorflow  # noqa: F401
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", message="`shuffle=True` was passed, but will be ignored")


@contextmanager
def without_harmless_lines() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, then pass on all but the harmless lines."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held_back:
        stderr = os.dup(2)
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held_back.seek(0)
            for line in held_back.read().decode(errors="replace").splitlines():
                if not any(note in line for note in HARMLESS):
                    print(line, file=sys.stderr)
