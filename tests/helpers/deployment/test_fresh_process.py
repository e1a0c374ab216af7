"""The proof of equality: every artifact, in a fresh process, on every kind of image file."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from helpers import deployment
from helpers.deployment import FORMATS, predict
from helpers.deployment.fresh_process import TOLERANCE, run_script
from helpers.quiet import import_tensorflow

from . import odd_images

ODD = odd_images.make_odd_images()
NAMES = list(ODD)
RIGHT = [name for name in NAMES if ODD[name].pixels is not None]
EXACT = ("keras", "saved_model", "litert_float32")
# What rounding to fewer bits may change in the accuracy on 120 images: measured are 0 to 2 of them.
ACCURACY_CHANGE = 0.05
# Of a whole process, in bytes; measured are 650 MB with TensorFlow, and 57 MB.
MOST_MEMORY = {"keras": 1.2e9, "saved_model": 1.2e9}


@pytest.fixture(scope="module")
def files(images, tmp_path_factory):
    """The odd images as files, then all validation images."""
    folder = tmp_path_factory.mktemp("files")
    for number, name in enumerate(NAMES):
        (folder / f"{number:03}-{name}").write_bytes(ODD[name].content)
    return sorted(folder.iterdir()) + deployment.write_images(images, folder / "validation")


@pytest.fixture(scope="module")
def fresh(artifacts, files):
    """Return a function from a format to what its fresh process says about the files."""
    said = {}

    def ask(name):
        if name not in said:
            said[name] = deployment.predict_in_fresh_process(artifacts[name], files)
        return said[name]

    return ask


@pytest.fixture(scope="module")
def here(artifacts):
    """Return a function from a format and images to the artifact's answers in this process."""
    import_tensorflow()
    return lambda name, images: predict.load_model(artifacts[name].folder)(images)


def decoded(name):
    """Return what the network sees of an odd image, for a comparison that rounding cannot blur."""
    import io

    return deployment.decode_image(io.BytesIO(ODD[name].content))


@pytest.mark.parametrize("format", EXACT)
def test_float32_artifacts_equal_the_model_on_every_validation_image(
    fresh, expected, labels, format
):
    found = fresh(format).probabilities[len(NAMES) :]
    equality = deployment.compare_predictions(expected, found, labels)
    assert equality.largest_difference <= TOLERANCE
    assert equality.same_top_class == 1.0
    assert equality.accuracy_change == 0.0
    assert str(equality).startswith("Equal: ")


@pytest.mark.parametrize("format", EXACT)
def test_float32_artifacts_equal_the_model_on_every_odd_image(fresh, model, format):
    answers = fresh(format).probabilities[: len(NAMES)]
    images = np.stack([decoded(name) for name in RIGHT])
    expected = model.predict(images, verbose=0)
    found = answers[[NAMES.index(name) for name in RIGHT]]
    assert np.abs(expected - found).max() <= TOLERANCE
    assert (expected.argmax(axis=1) == found.argmax(axis=1)).all()


@pytest.mark.parametrize("format", sorted(set(FORMATS) - set(EXACT)))
def test_artifacts_of_fewer_bits_state_how_much_accuracy_changed(fresh, expected, labels, format):
    found = fresh(format).probabilities[len(NAMES) :]
    equality = deployment.compare_predictions(expected, found, labels)
    assert equality.largest_difference > 0
    assert abs(equality.accuracy_change) <= ACCURACY_CHANGE
    before, after = equality.accuracy
    assert f"accuracy {before:.1%} and {after:.1%}" in str(equality)


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_fresh_process_says_is_what_the_artifact_says_here(fresh, here, format):
    answers = fresh(format).probabilities[: len(NAMES)]
    images = np.stack([decoded(name) for name in RIGHT])
    found = answers[[NAMES.index(name) for name in RIGHT]]
    # With 8 bits, a sum in another order may fall on the next step.
    limit = 0.02 if format in ("litert_dynamic", "litert_int8") else 1e-5
    assert np.abs(here(format, images) - found).max() <= limit


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_no_image_gets_its_reason_and_no_numbers_and_harms_no_other(fresh, format):
    result = fresh(format)
    wrong = {place: name for place, name in enumerate(NAMES) if ODD[name].pixels is None}
    assert set(result.errors) == set(wrong)
    for place, name in wrong.items():
        assert ODD[name].error in result.errors[place]
        assert np.isnan(result.probabilities[place]).all()
    others = np.delete(result.probabilities, sorted(wrong), axis=0)
    assert np.isfinite(others).all()
    assert others.sum(axis=1) == pytest.approx(1, abs=0.05)  # 8 bits round each of ten numbers


@pytest.mark.parametrize("format", FORMATS)
def test_the_memory_of_the_process_is_told_and_bounded(fresh, format):
    assert 20e6 < fresh(format).peak_memory < MOST_MEMORY.get(format, 0.2e9)


@pytest.mark.parametrize("format", ["keras", "litert_int8"])
def test_the_process_imports_nothing_of_the_course(artifacts, format, tmp_path):
    """The artifact alone, elsewhere, with a Python that does not know where the course is."""
    folder = tmp_path / "delivered"
    shutil.copytree(artifacts[format].folder, folder)
    picture = tmp_path / "picture.png"
    picture.write_bytes(ODD["plain.png"].content)
    code = (
        "import runpy, sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'helpers':\n"
        "            raise ImportError('the course was imported')\n"
        "sys.meta_path.insert(0, Refuse())\n"
        f"sys.argv = ['predict.py', {str(picture)!r}]\n"
        f"runpy.run_path({str(folder / 'predict.py')!r}, run_name='__main__')\n"
    )
    finished = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"TF_CPP_MIN_LOG_LEVEL": "3", "PATH": ""},
    )
    assert finished.returncode == 0, finished.stderr
    answer = json.loads(finished.stdout)
    assert answer["classes"] == list(artifacts[format].class_names)
    assert sum(answer["images"][0]["probabilities"]) == pytest.approx(1, abs=0.05)
    deployment.open_artifact(folder)  # using it has changed no file in it


def test_a_litert_process_needs_no_tensorflow(litert, tmp_path):
    """Its 50 MB of memory speak for that, too."""
    code = (
        "import sys, importlib.util\n"
        "sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        f"sys.path.insert(0, {str(litert.folder)!r})\n"
        "import predict\n"
        f"print(predict.classify({str(litert.folder)!r}, ['missing.png']))\n"
    )
    finished = subprocess.run(
        [sys.executable, "-I", "-B", "-c", code], capture_output=True, text=True
    )
    assert "There is no such file." in finished.stdout, finished.stderr


def test_no_files_give_no_rows(litert):
    result = deployment.predict_in_fresh_process(litert, [])
    assert result.probabilities.shape == (0, 10)
    assert result.errors == {}


def test_relative_paths_are_found_from_where_the_caller_is(litert, tmp_path, monkeypatch):
    (tmp_path / "picture.png").write_bytes(ODD["plain.png"].content)
    monkeypatch.chdir(tmp_path)
    assert deployment.predict_in_fresh_process(litert, ["picture.png"]).errors == {}


def test_a_changed_artifact_is_not_run(litert, tmp_path):
    folder = tmp_path / "changed"
    shutil.copytree(litert.folder, folder)
    (folder / "predict.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    with pytest.raises(deployment.ArtifactError, match=r"was changed .*: predict\.py"):
        deployment.predict_in_fresh_process(folder, [])
    assert not (tmp_path / "ran").exists()


def test_a_process_that_fails_tells_its_last_words(tmp_path):
    script = tmp_path / "fails.py"
    script.write_text("raise ValueError('no such layer')")
    with pytest.raises(
        deployment.FreshProcessError, match="was to try failed: ValueError: no such layer"
    ):
        run_script([script], "try", timeout=30)


def test_a_process_that_is_killed_is_told_by_its_status(tmp_path):
    script = tmp_path / "dies.py"
    script.write_text("import os; os.kill(os.getpid(), 9)")
    with pytest.raises(deployment.FreshProcessError, match="exit status -9"):
        run_script([script], "try", timeout=30)


def test_a_process_that_never_ends_is_stopped(tmp_path):
    script = tmp_path / "sleeps.py"
    script.write_text("import time; time.sleep(60)")
    with pytest.raises(deployment.FreshProcessError, match="did not end within 1 seconds"):
        run_script([script], "try", timeout=1)


@pytest.mark.parametrize(
    ("change", "equal"),
    [(0.0, True), (0.9 * TOLERANCE, True), (1.1 * TOLERANCE, False), (0.3, False)],
)
def test_predictions_are_equal_within_the_tolerance_and_no_further(change, equal):
    expected = np.tile([0.7, 0.2, 0.1], (50, 1))
    found = expected.copy()
    found[17] += [-change, change, 0.0]
    equality = deployment.compare_predictions(expected, found)
    assert equality.equal is equal
    assert equality.largest_difference == pytest.approx(change)
    assert equality.accuracy is None
    assert str(equality).startswith("Equal" if equal else "Not equal")


def test_another_top_class_is_not_equal_however_small_the_difference():
    expected = np.array([[0.50001, 0.49999]])
    equality = deployment.compare_predictions(expected, expected[:, ::-1], [0])
    assert equality.largest_difference < TOLERANCE
    assert (equality.equal, equality.same_top_class) == (False, 0.0)
    assert equality.accuracy_change == -1.0


@pytest.mark.parametrize(
    ("expected", "found", "told"),
    [
        (np.ones((2, 3)), np.ones((3, 3)), "shapes"),
        (np.ones((0, 3)), np.ones((0, 3)), "shapes"),
        (np.ones(3), np.ones(3), "shapes"),
        (np.ones((1, 3)), np.full((1, 3), np.nan), "NaN"),
    ],
)
def test_what_cannot_be_compared_is_told(expected, found, told):
    with pytest.raises(ValueError, match=told):
        deployment.compare_predictions(expected, found)


def test_images_come_back_from_their_files_as_they_were(images, tmp_path):
    files = deployment.write_images(images[:5], tmp_path / "new" / "folder")
    assert [path.name for path in files] == [f"{number:05}.png" for number in range(5)]
    assert (deployment.decode_images(files) == images[:5]).all()
