"""A class in which honest students sit beside hostile ones, graded by `course grade`.

Every cheat and every attack is an answer. None gets a point that what it hands over does not earn,
none reaches outside, none changes the result of another student, and each is told why it has none.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from helpers.embedded import dataset
from helpers.instructor import isolation
from helpers.paths import course_root
from tests.grading import resaved
from tests.grading.small_class import (
    SOLVED,
    grade,
    hand_in,
    make_course,
    notebook,
    points,
    printed,
    told,
)

pytestmark = pytest.mark.skipif(
    bool(isolation.why_not()), reason=f"needs isolation: {isolation.why_not()}"
)

# Answers that want points for wrong work, answers that reach outside and print what they hit, and
# answers that take all there is. A first line `# Told: ...` holds what the student is told.
ATTACKS = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted(Path(__file__).with_name("hostile").rglob("*.py"))
}
# Attacks on models that do something right: what that is worth.
EARNED = {"patched_report": 4, "lying_facts": 4}
# What is no notebook at all; with the reason that is given.
UNREADABLE = {
    "empty": (b"", "is empty"),
    "damaged": (b'{"cells": [', "is damaged"),
    "no-notebook": (b"[1, 2]", "is no notebook"),
}


def copies_the_test(cells):
    cells.insert(0, cells[2])
    cells.append(cells[2])


def deletes_the_test(cells):
    del cells[2]


def has_another_schema(cells):
    for cell in cells[1:]:
        cell["metadata"]["nbgrader"]["schema_version"] = 1


def has_no_metadata(cells):
    for cell in cells:
        cell["metadata"] = {}


def has_half_a_character(cells):
    cells[1]["source"] += "\n# \ud83d"


# What honest students do to a right notebook, and what used to stop the grading of a class.
CARELESS = {
    "b-copied-test": copies_the_test,
    "b-deleted-test": deletes_the_test,
    "b-other-schema": has_another_schema,
    "b-no-metadata": has_no_metadata,
    "b-half-a-character": has_half_a_character,
}
QUICK = (
    *("equal_to_all", "drops_the_test", "written_verdict", "reads_the_course", "reads_secrets"),
    *("daemon", "leaves", "nonsense_messages"),
    *("forges_the_verdict", "deep_working_folder"),
)


def fingerprint(*folders):
    """Hash every file below folders, but for what grading may write."""
    digest = hashlib.sha256()
    for folder in folders:
        for top, folders_below, names in os.walk(folder):
            ours = (".grading", "autograded", "__pycache__")
            folders_below[:] = sorted(name for name in folders_below if name not in ours)
            for path in (Path(top, name) for name in sorted(names) if name != "gradebook.db"):
                if path.is_file():
                    digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def listing(folder):
    """Sizes and times of all files below a folder that is too large to be read."""
    return {
        path: (status.st_size, status.st_mtime_ns)
        for top, _, names in os.walk(folder)
        for path in (Path(top, name) for name in names if "__pycache__" not in top)
        if (status := path.lstat())
    }


@pytest.fixture(scope="module", params=["quick", pytest.param("whole", marks=pytest.mark.slow)])
def graded(request, tmp_path_factory):
    """The class, graded; all attacks are in it only in the slow run."""
    course = make_course(tmp_path_factory.mktemp("hostile"))
    home = tmp_path_factory.mktemp("home")
    (home / "secret").write_text("secret")
    attacks = ATTACKS if request.param == "whole" else {name: ATTACKS[name] for name in QUICK}
    for name, answer in attacks.items():
        for mark, path in (("@course@", course), ("@home@", home), ("@root@", course_root())):
            answer = answer.replace(mark, str(path))
        hand_in(course, name, answer)
    for name, (content, _) in UNREADABLE.items():
        hand_in(course, name, content)
    package = hand_in(course, "a-honest", SOLVED).parent / "helpers"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('the wrong package')")
    hand_in(course, "z-honest", SOLVED)
    hand_in(course, "z-renamed", SOLVED).rename(
        course / "submitted" / "z-renamed" / "small" / "mine (2).ipynb"
    )
    (course / "submitted" / "z-honest" / "small" / "timestamp.txt").write_text("yesterday")
    linked = course / "submitted" / "linked" / "small"
    linked.mkdir(parents=True)
    (linked / "small.ipynb").symlink_to("/etc/passwd")
    (course / "submitted" / "nothing" / "small").mkdir(parents=True)
    for program, save in resaved.BY.items():
        content = json.loads(nbformat.writes(notebook(SOLVED)))
        save(content)
        hand_in(course, f"z-{program}", json.dumps(content).encode())
    for name, spoil in CARELESS.items():
        content = json.loads(nbformat.writes(notebook(SOLVED)))
        spoil(content["cells"])
        hand_in(course, name, json.dumps(content).encode())
    skipped = notebook("pass")
    skipped.cells[2].metadata.tags = ["skip-execution"]
    skipped.cells[2].source = "5.0"
    hand_in(course, "edited-test", skipped)
    before = fingerprint(course, home, course_root() / "helpers")
    programs = listing(sys.prefix)
    cache = str(dataset.default_data_dir().parents[1])
    # Not below the folders of the tests: `isolation` takes none with a long name.
    temporary = Path(tempfile.mkdtemp(prefix="hostile-"))
    environment = {"HOME": str(home), "SECRET_TOKEN": "secret", "XDG_CACHE_HOME": cache}
    environment |= {"TMPDIR": str(temporary)}
    began = time.monotonic()
    finished = grade(course, "require_isolation=True", environment=os.environ | environment)
    took = time.monotonic() - began
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert fingerprint(course, home, course_root() / "helpers") == before
    assert listing(sys.prefix) == programs
    # Of what each may take: 40 seconds to run, and a minute to be started and judged.
    assert took < 100 * len(list((course / "submitted").iterdir()))
    yield course, attacks, temporary
    shutil.rmtree(temporary)


def test_every_honest_result_is_exact(graded):
    scores = points(graded[0])
    saved = (f"z-{program}" for program in resaved.BY)
    honest = ("a-honest", "z-honest", "z-renamed", *saved, *CARELESS)
    assert {name: scores[name] for name in honest} == dict.fromkeys(honest, 5)


def test_nobody_else_gets_points_that_the_model_does_not_earn(graded):
    course, attacks, _ = graded
    scores = points(course)
    names = (*attacks, *UNREADABLE, "linked", "nothing", "edited-test")
    got = {name: scores[name] for name in names if scores[name]}
    assert got == {name: score for name, score in EARNED.items() if name in attacks}


def test_each_is_told_why(graded):
    course, attacks, _ = graded
    assert [name for name in attacks if not told(course, name).strip()] == []
    reasons = {name: reason for name, (_, reason) in UNREADABLE.items()}
    reasons |= {"linked": "is a link", "nothing": "there are none"}
    for name, answer in attacks.items():
        if match := re.match("# Told: (.*)", answer):
            reasons[name] = match[1]
    wrong = {
        n: told(course, n)
        for n, reason in reasons.items()
        if not re.search(reason, told(course, n))
    }
    assert not wrong


def test_nothing_outside_was_seen(graded):
    course, attacks, _ = graded
    seen = {name: printed(course, name) for name in attacks}
    assert {name: text for name, text in seen.items() if "HIT" in text} == {}


def test_no_process_and_no_folder_is_left(graded):
    course, _, temporary = graded
    marks = (str(course), str(temporary), "98765")  # of the grader, its programs, and the daemon
    processes = {p: " ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"])}
    assert [p for p, command in processes.items() if any(mark in command for mark in marks)] == []
    assert list(temporary.iterdir()) == []
