"""What a check borrows from the process it runs in, and puts back."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Put the global random state of Python and NumPy back afterwards.

    A new Keras layer draws its seed from Python's (seen with Keras 3.15.1). No check draws from
    TensorFlow's or from Keras's own global generator.
    """
    python_state, numpy_state = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)


@contextmanager
def unoptimized_graphs() -> Iterator[None]:
    """Run TensorFlow's graphs as they were traced, and set its optimizer back afterwards.

    For the few passes of a check, optimizing a graph takes longer than it saves.
    """
    import tensorflow as tf

    option = "disable_meta_optimizer"
    before = tf.config.optimizer.get_experimental_options().get(option, False)
    tf.config.optimizer.set_experimental_options({option: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({option: before})
