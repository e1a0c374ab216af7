"""The Makefile: which Python it takes, when it installs, and what its recipes find on PATH.

The rules under test are the real ones. They run in a small project that takes seconds instead of
minutes: its lock names one small package, which lies in a folder beside it.
"""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.path.realpath(sys.executable)
CANDIDATES = ["python3", "python3.13", "python3.12", "python3.11", "python"]

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def write_program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def write_wheel(folder):
    """Write a wheel that stands in for the course's programs, and return its line in the lock.

    It brings a command `course` that tells which `alembic` it finds, and lends the environment the
    pip and the Setuptools of this one.
    """
    folder.mkdir()
    wheel = folder / "programs-1.0-py3-none-any.whl"
    info = "programs-1.0.dist-info"
    files = {
        "programs.pth": sysconfig.get_path("purelib"),
        "programs-1.0.data/scripts/course": '#!/bin/sh\necho "$1: $(command -v alembic)"\n',
        "programs-1.0.data/scripts/alembic": "#!/bin/sh\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: programs\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100755 << 16  # a file that may be run
            archive.writestr(entry, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in files))
    return f"programs==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def write_project(folder):
    """Write a small project with the course's Makefile into a folder with a space in its name."""
    project = folder / "my course"
    project.mkdir()
    shutil.copy(ROOT / "Makefile", project)
    (project / "requirements.lock").write_text(write_wheel(folder / "wheels"))
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
        '[project]\nname = "small-course"\nversion = "1"\n'
        '[tool.setuptools]\npy-modules = []\npackage-dir = {"" = "."}\n'
    )
    return project


def write_broken_pythons(folder):
    """Write each name that the Makefile tries, as programs that fail."""
    folder.mkdir()
    for name in CANDIDATES:
        write_program(folder / name, "echo 'command not found' >&2; exit 127")
    return folder


def make(project, *arguments, path=""):
    environment = {
        **os.environ,
        "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": str(project.parent / "wheels"),
        "PIP_NO_INDEX": "1",
    }
    for name in ("PYTHON", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        environment.pop(name, None)
    return subprocess.run(
        ["make", *arguments], cwd=project, env=environment, capture_output=True, text=True
    )


def is_ready(project):
    """Ask make whether there is anything to install."""
    return make(project, "--question", ".venv/.ready").returncode == 0


@pytest.fixture
def project(tmp_path):
    return write_project(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A small project that is set up, and what the set-up printed.

    Of the Pythons on PATH only one runs, as on a machine with pyenv.
    """
    folder = tmp_path_factory.mktemp("installed")
    pythons = write_broken_pythons(folder / "pythons")
    write_program(pythons / "python3.12", f'touch "{pythons}/used"; exec "{PYTHON}" "$@"')
    project = write_project(folder)
    result = make(project, "lab", path=pythons)
    assert result.returncode == 0, result.stderr
    assert (pythons / "used").exists()
    return project, result


def test_help_needs_no_environment_and_names_every_command(project):
    result = make(project)
    assert result.stderr == ""
    for command in ("lab", "demo", "notebooks", "test", "test-all", "lint", "format", "lock"):
        assert f"  make {command} " in result.stdout
    assert not (project / ".venv").exists()


def test_the_set_up_says_what_it_does_and_is_quiet_on_stderr(installed):
    _, result = installed
    assert "takes minutes" in result.stdout
    assert result.stderr == ""


def test_without_a_python_that_fits_it_says_what_to_do_and_makes_nothing(project, tmp_path):
    result = make(project, "lab", path=write_broken_pythons(tmp_path / "pythons"))
    assert result.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13 with pip" in result.stderr
    assert "PYTHON=" in result.stderr
    assert "command not found" not in result.stderr
    assert not (project / ".venv").exists()


def test_a_python_that_was_asked_for_is_the_only_one_tried(project, tmp_path):
    write_program(tmp_path / "my python", "exit 1")
    result = make(project, "lab", f"PYTHON={tmp_path / 'my python'}")
    assert result.returncode != 0
    assert str(tmp_path / "my python") in result.stderr


@pytest.mark.parametrize("first_on_path", ["", ".venv/bin"])
def test_recipes_find_the_environments_programs_whatever_path_holds(installed, first_on_path):
    project, _ = installed
    result = make(project, "lab", path=project / first_on_path if first_on_path else "")
    assert result.stdout == f"lab: {project / '.venv' / 'bin' / 'alembic'}\n"


def test_it_installs_once_and_again_when_the_lock_changed(installed):
    project, _ = installed
    lock = project / "requirements.lock"
    before = lock.stat().st_mtime
    assert is_ready(project)
    lock.touch()
    assert not is_ready(project)
    os.utime(lock, (before, before))
    assert is_ready(project)


def test_an_active_environment_is_not_the_one_that_it_is_made_from(installed):
    project, _ = installed
    (project / "requirements.lock").touch()
    result = make(project, "lab", path=project / ".venv" / "bin")
    assert result.returncode == 0, result.stderr
    assert "Installing the programs" in result.stdout


def test_an_environment_that_was_moved_is_made_anew(installed):
    project, _ = installed
    moved = project.rename(project.with_name("moved course"))
    was_ready = is_ready(moved)
    moved.rename(project)
    assert not was_ready
    assert is_ready(project)


def test_a_changed_description_installs_only_the_course_anew(installed):
    project, _ = installed
    description = project / "pyproject.toml"
    description.write_text(description.read_text().replace('version = "1"', 'version = "2"'))
    result = make(project, "lab")
    assert result.stderr == ""
    assert "Installing the programs" not in result.stdout
    assert list(project.glob(".venv/lib/*/site-packages/small_course-2.dist-info"))


def test_a_broken_off_installation_is_repeated(project):
    lock = project / "requirements.lock"
    whole = lock.read_text()
    lock.write_text(whole + f"absent==1.0 --hash=sha256:{'0' * 64}\n")
    assert make(project, "lab", f"PYTHON={PYTHON}").returncode != 0
    lock.write_text(whole)
    os.utime(lock, (0, 0))  # older than anything: only the missing stamp tells
    assert make(project, "lab", f"PYTHON={PYTHON}").returncode == 0


def test_a_file_that_was_tampered_with_is_not_installed(project):
    wheel = next((project.parent / "wheels").iterdir())
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    result = make(project, "lab", f"PYTHON={PYTHON}")
    assert result.returncode != 0
    assert "DO NOT MATCH THE HASHES" in result.stderr


def test_clean_leaves_the_students_work_alone(project):
    mine = project / "work" / "regularization" / "regularization.ipynb"
    for folder in (project / ".venv" / "bin", mine.parent, project / "helpers", project / "tests"):
        folder.mkdir(parents=True)
    mine.write_text("mine")
    assert make(project, "clean").returncode == 0
    assert not (project / ".venv").exists()
    assert mine.read_text() == "mine"
