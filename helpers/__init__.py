"""What the notebooks import: data, histories, the DenseNet head, and the checks."""

import os

__version__ = "0.1.0"

# TensorFlow writes start-up notes to stderr, where a learner takes them for errors and nbgrader
# takes them for a failed test. It reads this variable once, when it is imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
