"""What holds for every file that is kept in the repository."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Put together here, so that this file does not hold them.
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("anaconda", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("deb", "debian", "org"),
    )
]


def kept_files():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    files = [ROOT / os.fsdecode(name) for name in listing.stdout.split(b"\0") if name]
    return [file for file in files if file.is_file()]


def test_no_file_names_a_registry_or_the_folder_it_was_made_in():
    folders = [f"{ROOT}/{name}" for name in ("helpers", "notebooks", "solutions", "work", ".venv")]
    found = [
        f"{file.relative_to(ROOT)}: {word}"
        for file in kept_files()
        for word in [*REGISTRIES, *folders]
        if word.encode() in file.read_bytes()
    ]
    assert found == []


def test_what_runs_in_ci_is_a_program_that_bash_can_read():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
