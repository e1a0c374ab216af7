"""`course demo` plays the whole flow and leaves nothing behind."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_the_demonstration_grades_three_students_and_leaves_nothing_behind(tmp_path):
    finished = subprocess.run(
        [sys.executable, "-c", "from helpers.cli import main; main()", "demo"],
        env={**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    rows = [line.split() for line in finished.stdout.splitlines() if " of " in line]
    table = {row[1]: row[3:6] + row[7:10] + row[11:14] for row in rows if row[0] == "│"}
    assert table["correct"] == ["10", "of", "10", "13", "of", "13", "12", "of", "12"]
    assert table["untouched"] == ["0", "of", "10", "0", "of", "13", "0", "of", "12"]
    assert table["mistaken"][-3:] == ["8", "of", "12"]
    assert "with sigmoid instead of softmax" in finished.stdout
    assert "You call `litert_float16` equal" in finished.stdout
    assert list(tmp_path.glob("course-*")) == []
