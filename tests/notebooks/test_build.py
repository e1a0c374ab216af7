"""Derived notebooks are what their sources say, to the byte, and hold no solution."""

import re
import shutil

import jupytext
import nbformat
import pytest

from helpers.instructor import build, findings
from helpers.paths import ASSIGNMENTS, course_root

MARKERS = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    folder = tmp_path_factory.mktemp("derived")
    build.derive(course_root(), folder)
    build.derive_page(folder)
    return folder


@pytest.fixture
def copy_of_course(tmp_path, monkeypatch):
    """A copy of what the build reads and writes, which the build takes for the course."""
    for name in ("solutions", "notebooks"):
        shutil.copytree(course_root() / name, tmp_path / name)
    for name in ("nbgrader_config.py", "jupytext.toml"):
        shutil.copyfile(course_root() / name, tmp_path / name)
    (tmp_path / findings.PAGE).parent.mkdir(parents=True)
    shutil.copyfile(course_root() / findings.PAGE, tmp_path / findings.PAGE)
    monkeypatch.setattr(build, "course_root", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("path", build.derived_files(), ids=str)
def test_what_is_stored_is_what_is_derived(fresh, path):
    assert (fresh / path).read_bytes() == (course_root() / path).read_bytes()


def test_deriving_from_what_was_derived_gives_the_same_bytes(fresh, tmp_path):
    for name in ASSIGNMENTS:
        shutil.copytree(course_root() / "solutions" / name, tmp_path / "in" / "solutions" / name)
        shutil.copy(fresh / "solutions" / name / f"{name}.ipynb", tmp_path / "in/solutions" / name)
    for name in ("nbgrader_config.py", "jupytext.toml"):
        shutil.copy(course_root() / name, tmp_path / "in")
    (tmp_path / "out").mkdir()
    build.derive(tmp_path / "in", tmp_path / "out")
    for path in build.derived_notebooks():
        assert (fresh / path).read_bytes() == (tmp_path / "out" / path).read_bytes()


@pytest.mark.parametrize("path", build.derived_files(), ids=str)
def test_an_edit_of_any_derived_file_is_found(fresh, copy_of_course, path):
    assert build.stale_files(copy_of_course, fresh) == []
    edited = copy_of_course / path
    edited.write_text(edited.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert build.stale_files(copy_of_course, fresh) == [path]


def test_check_passes_then_fails_after_an_edit_and_changes_nothing(copy_of_course, capsys):
    assert build.run(check=True) == 0
    source = copy_of_course / "solutions" / "regularization" / "regularization.py"
    source.write_text(source.read_text(encoding="utf-8").replace("rate 0.4", "rate 0.5"))
    stored = copy_of_course / "notebooks" / "regularization" / "regularization.ipynb"
    before = stored.read_bytes()
    assert build.run(check=True) == 1
    assert "notebooks/regularization/regularization.py" in capsys.readouterr().out
    assert stored.read_bytes() == before


def test_check_finds_outputs_of_other_sources(copy_of_course):
    path = copy_of_course / "solutions" / "regularization" / "regularization.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("rate 0.4", "rate 0.5"))
    assert build.outputs_of_other_sources(copy_of_course) == [path.relative_to(copy_of_course)]


def test_nothing_that_a_student_receives_holds_a_solution(fresh):
    for name in ASSIGNMENTS:
        solution = jupytext.read(course_root() / "solutions" / name / f"{name}.py")
        own = {
            line.strip()
            for cell in solution.cells
            if cell.metadata.get("nbgrader", {}).get("solution")
            for line in solution_lines(cell.source)
        }
        assert own
        for other in ASSIGNMENTS:
            for kind in ("ipynb", "py"):
                path = fresh / "notebooks" / other / f"{other}.{kind}"
                text = path.read_text(encoding="utf-8")
                assert not MARKERS.search(text), path
                lines = {line.strip().removeprefix("# ") for line in plain(path).splitlines()}
                given = own & lines - SHOWN_ON_PURPOSE
                assert not given, (path, given)


def solution_lines(source):
    """The lines between the markers that say something: no brackets, no blank lines."""
    inside = False
    for line in source.splitlines():
        if MARKERS.search(line):
            inside = "BEGIN" in line
        elif inside and re.search(r"\w{4}", line):
            yield line


def plain(path):
    cells = jupytext.read(path).cells
    return "\n".join(cell.source for cell in cells)


# Lines of the solutions that stand in a student's notebook too, because the text shows them on
# purpose: they say no more than the words around them.
SHOWN_ON_PURPOSE = {
    "model,",
    "class_names=splits.class_names,",
    "keras.Sequential(",
    "keras.Input((32, 32, 3)),",
    "keras.layers.Flatten(),",
    'keras.layers.Dense(10, activation="softmax"),',
    "layer.trainable = False",
    "splits.train,",
    "validation_data=splits.validation,",
    "epochs=profile.scratch_epochs,",
    "callbacks=[LiveCurve(splits.caption)],",
    "verbose=0,",
}


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_released_folder_holds_the_pair_and_nothing_else(fresh, name):
    files = {path.name for path in (fresh / "notebooks" / name).iterdir()}
    assert files == {f"{name}.ipynb", f"{name}.py"}


@pytest.mark.parametrize("path", build.derived_files(), ids=str)
def test_no_version_of_a_tool_is_stored(path):
    assert "jupytext_version" not in (course_root() / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_epochs_come_from_the_profile(name):
    for cell in build.read_solution(course_root() / "solutions" / name / f"{name}.py").cells:
        for epochs in re.findall(r"epochs=([^,)\n]+)", cell.source):
            assert "profile." in epochs, cell.source


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_student_is_told_objectives_checks_and_time(name):
    notebook = nbformat.read(course_root() / "notebooks" / name / f"{name}.ipynb", as_version=4)
    top = "\n".join(cell.source for cell in notebook.cells[:3])
    graded = [
        cell.metadata.nbgrader.grade_id
        for cell in notebook.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
    ]
    assert "hours" in top
    for check in graded:
        assert f"`{check}`" in top
