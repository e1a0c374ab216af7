"""`course doctor` as a learner runs it: what it sees, what it advises, and how it ends."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from helpers import cifar10, doctor
from helpers.densenet import IMAGENET_WEIGHTS_FILE

ROOT = Path(__file__).resolve().parents[2]
DOCTOR = "import sys; sys.argv = ['course', 'doctor']; from helpers.cli import main; main()"


def run_doctor(tmp_path, python=sys.executable, **variables):
    """Run it in a home of its own, with no data, no weights and no profile but those given."""
    environment = {**os.environ, "HOME": str(tmp_path), "COLUMNS": "200", **variables}
    for name in {"TFDS_DATA_DIR", "COURSE_PROFILE", "KERAS_HOME"} - set(variables):
        environment.pop(name, None)
    return subprocess.run(
        [python, "-c", DOCTOR], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def find_row(result, subject):
    """Return state and text of a row of the table."""
    rows = [line.split("│")[1:4] for line in result.stdout.splitlines() if line.startswith("│")]
    return next((state.strip(), seen.strip()) for state, name, seen in rows if subject in name)


def write_fake_tensorflow(folder, code):
    """Write a module `tensorflow` that Python finds before the real one."""
    folder.mkdir()
    (folder / "tensorflow.py").write_text(code)
    return {"PYTHONPATH": str(folder)}


@pytest.fixture
def quick_tensorflow(tmp_path):
    """Spare the tests of other rows the seconds of the real import."""
    return write_fake_tensorflow(
        tmp_path / "modules",
        "class config:\n    list_physical_devices = staticmethod(lambda kind: [])\n",
    )


def test_in_the_environment_of_the_course_all_is_well(tmp_path):
    result = run_doctor(tmp_path)
    assert result.returncode == 0
    assert result.stderr == ""
    assert find_row(result, "Python") == ("ok", f"{sys.version.split()[0]}, {sys.executable}")
    for name in ("keras", "tensorflow-datasets", "jupyterlab", "nbgrader", "jupytext"):
        assert find_row(result, name)[0] == "ok"
    assert find_row(result, "TensorFlow's import") == ("ok", "works")
    assert find_row(result, "Profile")[1].startswith("quick")
    assert "Everything that the course needs is here." in result.stdout


def test_without_tensorflow_it_still_works_and_says_so(tmp_path):
    """A real environment that has everything but TensorFlow."""
    environment = tmp_path / "environment"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    packages = next(environment.glob("lib/python*/site-packages"))
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith("tensorflow"):
            (packages / entry.name).symlink_to(entry)
    result = run_doctor(tmp_path, python=python)
    assert result.returncode == 1
    assert result.stderr == ""
    assert find_row(result, "tensorflow") == ("problem", "missing")
    state, seen = find_row(result, "TensorFlow's import")
    assert state == "problem"
    assert "No module named 'tensorflow'" in seen
    assert f"{python} -m pip install -r {ROOT / 'requirements.lock'}" in result.stdout
    assert "The course cannot run yet" in result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals of this kind")
def test_a_processor_that_tensorflow_is_not_built_for_is_told_in_plain_words(tmp_path):
    dies = "import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n"
    result = run_doctor(tmp_path, **write_fake_tensorflow(tmp_path / "modules", dies))
    assert result.returncode == 1
    assert "AVX" in find_row(result, "TensorFlow's import")[1]


def test_gpus_are_named(tmp_path):
    with_gpu = """
class config:
    list_physical_devices = staticmethod(lambda kind: ["first", "second"] if kind == "GPU" else [])
    class experimental:
        get_device_details = staticmethod(lambda gpu: {"device_name": f"Card {gpu}"})
"""
    result = run_doctor(tmp_path, **write_fake_tensorflow(tmp_path / "modules", with_gpu))
    assert find_row(result, "GPU") == ("ok", "Card first, Card second")


def test_missing_data_and_weights_are_no_reason_to_fail_but_come_with_advice(
    tmp_path, quick_tensorflow
):
    result = run_doctor(tmp_path, **quick_tensorflow)
    assert result.returncode == 0
    home = tmp_path / "tensorflow_datasets" / "cifar10" / cifar10.VERSION
    state, seen = find_row(result, "CIFAR-10")
    assert (state, seen) == ("optional", f"not in {home} (TFDS_DATA_DIR is not set)")
    assert cifar10.ARCHIVE_URL in result.stdout
    weights = tmp_path / ".keras" / "models" / IMAGENET_WEIGHTS_FILE
    assert find_row(result, "weights") == ("optional", f"not in {weights.parent}")
    assert str(weights) in result.stdout


def test_data_and_weights_are_found_where_the_variables_say(tmp_path, quick_tensorflow):
    folder = tmp_path / "data" / "cifar10" / cifar10.VERSION
    folder.mkdir(parents=True)
    splits = [{"name": name, "shardLengths": ["0"], "numBytes": "0"} for name in ("train", "test")]
    (folder / "dataset_info.json").write_text(json.dumps({"splits": splits}))
    for name in ("features.json", "label.labels.txt"):
        (folder / name).touch()
    for split in ("train", "test"):
        (folder / f"cifar10-{split}.tfrecord-00000-of-00001").touch()
    weights = tmp_path / "keras" / "models" / IMAGENET_WEIGHTS_FILE
    weights.parent.mkdir(parents=True)
    weights.write_bytes(bytes(3_000_000))
    variables = {
        **quick_tensorflow,
        "TFDS_DATA_DIR": str(tmp_path / "data"),
        "KERAS_HOME": str(tmp_path / "keras"),
    }
    result = run_doctor(tmp_path, **variables)
    assert find_row(result, "CIFAR-10") == ("ok", f"{folder} (TFDS_DATA_DIR is set)")
    assert find_row(result, "weights") == ("ok", f"{weights}, 3 MB")
    assert find_row(result, "Profile")[1].endswith("cifar10, DenseNet201")

    (folder / "cifar10-test.tfrecord-00000-of-00001").unlink()
    state, seen = find_row(run_doctor(tmp_path, **variables), "CIFAR-10")
    assert state == "optional"
    assert "not whole" in seen
    assert "cifar10-test.tfrecord-00000-of-00001" in seen


def test_an_unknown_profile_is_a_problem(tmp_path, quick_tensorflow):
    result = run_doctor(tmp_path, COURSE_PROFILE="fast", **quick_tensorflow)
    assert result.returncode == 1
    state, seen = find_row(result, "Profile")
    assert state == "problem"
    assert "'fast'" in seen
    assert "full, quick, grade" in seen


def test_missing_programs_come_with_the_command_that_installs_them(tmp_path, quick_tensorflow):
    result = run_doctor(tmp_path, PATH=str(tmp_path), **quick_tensorflow)
    assert result.returncode == 0
    for subject, package in [("Bubblewrap", "bubblewrap"), ("Chromium", "chromium")]:
        assert find_row(result, subject)[0] == "optional"
        assert f"apt install {package}" in result.stdout


def test_a_package_of_another_version_is_a_problem():
    from packaging.requirements import Requirement

    finding = doctor._examine_package(Requirement("rich>=999"), extra=None)
    assert finding.state == "problem"
    assert finding.seen.endswith("but the course needs >=999")
    assert doctor._examine_package(Requirement("rich>=999"), extra="lab").state == "optional"
