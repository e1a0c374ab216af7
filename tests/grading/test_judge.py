"""What is handed over holds no code and no pickle, and is judged in a process with limits."""

import shutil
import textwrap

import numpy as np
import pytest

from helpers.checks import regularization
from helpers.checks.deployment import write_exports
from helpers.checks.handover import Artifact, write_artifact
from helpers.checks.operations import foreign_operation
from helpers.instructor import isolation, verdict, warm
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


def after(make):
    """A call that does something before it returns the images."""

    def call(x):
        with tf.control_dependencies([make()]):
            return tf.identity(x)

    return call


def in_a_function_in_a_branch(x):
    @tf.function
    def inner(y):
        return after(lambda: tf.io.write_file("file", "x"))(y)

    return tf.cond(tf.reduce_sum(x) > 1e9, lambda: inner(x), lambda: x)


@tf.custom_gradient
def in_its_gradient(x):
    return tf.identity(x), after(lambda: tf.io.write_file("file", "x"))


def in_python(x):
    return tf.ensure_shape(tf.py_function(lambda y: y, [x], tf.float32), (None, 32, 32, 3))


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (after(lambda: tf.io.write_file("file", "x")), "WriteFile"),
        (after(lambda: tf.io.read_file("file")), "ReadFile"),
        (after(lambda: tf.print("x", output_stream="file://file")), "PrintV2"),
        (after(lambda: tf.raw_ops.Abort(error_msg="x")), "Abort"),
        (in_a_function_in_a_branch, "WriteFile"),
        (in_its_gradient, "WriteFile"),
        (in_python, "EagerPyFunc"),
        (after(lambda: tf.print("x")), ""),
        (lambda x: tf.map_fn(lambda y: 2 * y, x) + tf.random.normal(tf.shape(x)), ""),
    ],
    ids=lambda value: value if isinstance(value, str) and value else "computes",
)
def test_what_reaches_beyond_a_model_is_found_before_it_is_loaded(call, kind, tmp_path):
    write_artifact(tmp_path / "model", model_with(call))
    assert foreign_operation(tmp_path / "model" / "model") == kind
    found = regularization.unusable(Artifact(tmp_path / "model"), "check_model")
    assert bool(found) == bool(kind)
    assert f"`{kind}`" in (found.seen if found else "``")


def test_the_sides_of_a_model_that_are_loaded_without_being_called_are_looked_at(tmp_path):
    """Tables and TensorFlow 1 run something while they are loaded."""
    lines = tmp_path / "lines.txt"
    lines.write_text("a\nb\n")
    module = tf.Module()
    kind = (
        tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE,
        tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )
    module.table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(str(lines), *kind), -1)
    tf.saved_model.save(module, str(tmp_path / "table"))
    assert foreign_operation(tmp_path / "table") == "InitializeTableFromTextFileV2"
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        old = tf.compat.v1.saved_model.Builder(str(tmp_path / "old"))
        old.add_meta_graph_and_variables(session, ["serve"])
        old.save()
    assert foreign_operation(tmp_path / "old") == "Session"


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
def test_a_graph_gets_no_memory_beyond_its_limit(handover):
    write_artifact(handover / "check_head", model_with(takes_forty_gigabytes))
    verdicts = verdict.judge(handover, 120)
    assert "ResourceExhausted" in verdicts["check_head"]["problem"]


@pytest.mark.slow
def test_a_graph_that_never_ends_is_stopped(handover):
    write_artifact(handover / "check_model", model_with(never_ends))
    verdicts = verdict.judge(handover, 10)
    assert verdicts["check_model"] == {
        "problem": "Judging took longer than 10 seconds and was stopped."
    }


@isolated
@pytest.mark.parametrize("is_warm", [True, False])
def test_a_judge_can_write_to_no_file_that_anybody_reads(handover, is_warm, monkeypatch):
    """A graph that got round everything else would find no place for a verdict of its own."""
    program = f"""
        import json, pathlib, socket, sys
        mine, number = pathlib.Path({str(handover)!r}), int(sys.argv[-1])
        written = []
        for path in (mine / "x", mine.parent / "x", pathlib.Path(f"/proc/self/fd/{{number}}")):
            try:
                path.write_text("x")
                written.append(path.name)
            except OSError:
                pass
        socket.socket(fileno=number).sendall(json.dumps(written).encode())
    """
    write_artifact(handover / "check_model", model_with(lambda x: x))
    start = warm.start
    monkeypatch.setattr(
        warm,
        "start",
        lambda module, arguments, **options: start(
            "timeit", ["-n1", "-r1", "-s", textwrap.dedent(program), "pass"], **options
        ),
    )
    written = verdict.judge(handover, 60, is_warm=is_warm)
    assert set(written) <= {"x"}  # not through its open socket; and files only in its own memory:
    assert not (handover / "x").exists()
    assert not (handover.parent / "x").exists()


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
