"""conda gets Python and pip; everything else comes from the lock, the one source of truth."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_it_holds_python_pip_and_the_lock_and_nothing_else():
    python, pip, from_pip = ENVIRONMENT["dependencies"]
    assert set(ENVIRONMENT) == {"name", "channels", "dependencies"}
    assert ENVIRONMENT["name"] == "course"
    assert python.startswith("python=")
    assert pip == "pip"
    assert from_pip == {"pip": ["-r requirements.lock"]}


def test_its_python_is_a_supported_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = ENVIRONMENT["dependencies"][0].removeprefix("python=")
    assert SpecifierSet(project["requires-python"]).contains(version)


def test_pip_takes_the_file_that_conda_writes_and_this_environment_has_all_of_it(tmp_path):
    """conda writes the lines under `pip` into a file beside environment.yml, and installs it."""
    (tmp_path / "requirements.lock").write_bytes((ROOT / "requirements.lock").read_bytes())
    written = tmp_path / "condaenv.requirements.txt"
    written.write_text("\n".join(ENVIRONMENT["dependencies"][-1]["pip"]))
    pip = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "-r", written],
        cwd=tmp_path,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
    )
    assert pip.returncode == 0, pip.stderr
    assert "Would install" not in pip.stdout
