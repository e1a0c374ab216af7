"""What is handed over holds no code and no pickle, and is judged in a process with limits."""

import shutil

import numpy as np
import pytest

from helpers.checks.deployment import write_exports
from helpers.checks.handover import Artifact, write_artifact
from helpers.instructor import isolation, verdict
from helpers.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402


def model_with(call):
    """A model whose first layer does something to the images."""
    layer = keras.layers.Lambda(call, output_shape=(32, 32, 3))
    flat = keras.layers.Flatten()
    last = keras.layers.Dense(10, activation="softmax")
    return keras.Sequential([keras.Input((32, 32, 3)), layer, flat, last])


def writes_a_file(path):
    def call(x):
        with tf.control_dependencies([tf.io.write_file(str(path), "x")]):
            return tf.identity(x)

    return call


def takes_forty_gigabytes(x):
    return x + tf.reduce_sum(tf.random.uniform([10**5, 10**5]))


def never_ends(x):
    return tf.while_loop(lambda i, x: True, lambda i, x: (i + 1, x), (0, x))[1]


@pytest.fixture
def handover():
    folder = isolation.make_folder("handover")
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


isolated = pytest.mark.skipif(bool(isolation.why_not()), reason="needs isolation")


@pytest.mark.slow
@isolated
def test_a_graph_reaches_no_file_and_gets_no_memory_beyond_its_limit(handover, tmp_path):
    tmp_path.chmod(0o777)
    write_artifact(handover / "check_model", model_with(writes_a_file(tmp_path / "reached")))
    write_artifact(handover / "check_head", model_with(takes_forty_gigabytes))
    verdicts = verdict.judge(handover, 120)
    assert not (tmp_path / "reached").exists()  # it wrote into its own temporary folder
    assert "ResourceExhausted" in verdicts["check_head"]["problem"]


@pytest.mark.slow
def test_a_graph_that_never_ends_is_stopped(handover):
    write_artifact(handover / "check_model", model_with(never_ends))
    verdicts = verdict.judge(handover, 10)
    assert verdicts["check_model"] == {
        "problem": "Judging took longer than 10 seconds and was stopped."
    }


def test_a_model_that_waits_for_images_is_built_before_it_is_handed_over(tmp_path):
    layers = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    model = keras.Sequential(layers)
    write_artifact(tmp_path / "first", model)
    write_artifact(tmp_path / "second", model)
    images = np.random.default_rng(0).random((4, 32, 32, 3), dtype=np.float32)
    expected = model.predict(images, verbose=0)
    for name in ("first", "second"):
        np.testing.assert_allclose(Artifact(tmp_path / name).infer(images), expected, atol=1e-6)


def test_all_that_is_handed_over_is_json_plain_arrays_and_graphs(tmp_path):
    class Unpickled:
        def __reduce__(self):
            return (print, ("unpickled",))

    history = {"loss": [1.0], "own": [np.float32(2)]}
    fresh = {"keras": np.array([Unpickled()]), "litert_float32": np.zeros((2, 10))}
    model = model_with(lambda x: x)
    write_artifact(tmp_path / "model", model, history=history, expects_history=True)
    proof = {"fresh": fresh, "equal": {"keras": Unpickled()}}
    write_exports(tmp_path / "exports", model, exported={}, proof=proof)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    kinds = {path.suffix.partition("-")[0] for path in files}
    assert kinds == {".json", ".npy", ".pb", ".index", ".data"}
    for path in tmp_path.rglob("*.npy"):
        assert np.load(path, allow_pickle=False).dtype == np.float32
    assert "Unpickled" not in (tmp_path / "exports" / "facts.json").read_text()
