import threading

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from helpers.hand_in import HandInError, hand_in

MODEL = "# Define your model.\nmodel = 3"
TRAINING = "# Train it.\nhistory = [model]"
STUB = "# Define your model.\nraise NotImplementedError()"


def marked(name, source, **mark):
    mark = {"grade_id": name, "schema_version": 3, "solution": True, "grade": False, **mark}
    return new_code_cell(source, id=name, metadata={"nbgrader": {"locked": False, **mark}})


def make(path, model=MODEL, training=TRAINING, extra=""):
    """Write a notebook with two answers and the cell that hands in; return it."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Toy", id="title"),
            marked("model_cell", model),
            marked("training_cell", training),
            new_code_cell(extra, id="extra"),
            new_code_cell(
                f"from helpers.hand_in import hand_in\nhand_in({path.stem!r})", id="hand_in"
            ),
        ],
        metadata={"kernelspec": kernel},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return notebook


def run(notebook, path):
    """Run a notebook in a real kernel, and return what its last cell shows as text."""
    NotebookClient(
        notebook, resources={"metadata": {"path": str(path.parent)}}, allow_errors=True
    ).execute()
    (output,) = notebook.cells[-1].outputs
    if output.output_type == "error":
        return "\n".join(output.traceback)
    assert "text/html" in output.data
    return output.data["text/plain"]


@pytest.fixture(autouse=True)
def no_session(monkeypatch):
    for name in ("NBGRADER_EXECUTION", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """The path of a notebook that is not part of the course, with this process beside it."""
    path = tmp_path / "toy.ipynb"
    make(path)
    monkeypatch.chdir(tmp_path)
    return path


def test_a_run_notebook_is_handed_in_as_it_was_saved(toy):
    shown = run(make(toy), toy)
    target = toy.parent / "hand_in" / "toy.ipynb"
    assert target.read_bytes() == toy.read_bytes()
    assert str(target) in shown
    assert "Warning" not in shown


def test_text_that_was_run_but_not_saved_is_told(toy):
    make(toy)
    unsaved = make(toy.with_name("in_the_browser.ipynb"), model="# Define your model.\nmodel = 4")
    unsaved.cells[-1].source = "from helpers.hand_in import hand_in\nhand_in('toy')"
    shown = run(unsaved, toy)
    assert "another text than you ran last" in shown
    assert "model_cell" in shown
    assert "training_cell" not in shown
    assert (toy.parent / "hand_in" / "toy.ipynb").is_file()


def test_the_last_run_counts(toy):
    notebook = make(toy)
    notebook.cells.insert(1, new_code_cell("# Define your model.\nmodel = 1"))
    assert "Warning" not in run(notebook, toy)


def test_scratch_cells_and_answers_that_look_alike_are_no_versions(toy):
    notebook = make(toy, model="# Fit it.\nhistory = [1]", training="# Fit it.\nmore = [2]")
    notebook.cells.insert(3, new_code_cell("import math\nprint(math.pi)"))
    assert "Warning" not in run(notebook, toy)


def test_an_untouched_stub_is_named_and_the_file_made_all_the_same(toy):
    shown = run(make(toy, model=STUB), toy)
    assert (
        'model_cell, the cell that begins with "# Define your model.", has no answer yet' in shown
    )
    assert "training_cell" not in shown
    assert (toy.parent / "hand_in" / "toy.ipynb").is_file()


def test_an_open_question_is_named(toy):
    notebook = nbformat.read(toy, as_version=4)
    mark = notebook.cells[1].metadata
    notebook.cells.append(new_markdown_cell("YOUR ANSWER HERE", id="question", metadata=mark))
    notebook.cells[-1].metadata["nbgrader"]["grade_id"] = "question"
    nbformat.write(notebook, toy)
    (warning,) = hand_in("toy").warnings
    assert warning.startswith("question, ")


@pytest.mark.parametrize("mode", ["autograde", "validate"])
def test_nothing_is_written_while_nbgrader_runs_it(toy, monkeypatch, mode):
    monkeypatch.setenv("NBGRADER_EXECUTION", mode)
    shown = run(make(toy), toy)
    assert mode in shown
    assert not (toy.parent / "hand_in").exists()


def test_a_variable_left_over_from_a_broken_validation_does_not_count(toy, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    monkeypatch.setenv("JPY_SESSION_NAME", str(toy))
    assert hand_in("toy").path == toy.parent / "hand_in" / "toy.ipynb"


def test_a_renamed_notebook_is_found_by_its_session(toy, monkeypatch):
    renamed = toy.with_name("my answers.ipynb")
    make(renamed, model="model = 5")
    monkeypatch.setenv("JPY_SESSION_NAME", str(renamed))
    result = hand_in("toy")
    assert result.path == toy.parent / "hand_in" / "toy.ipynb"
    assert result.path.read_bytes() == renamed.read_bytes()


def test_a_notebook_that_is_not_there_is_an_error_with_a_way_out(toy):
    toy.unlink()
    with pytest.raises(HandInError, match=r"There is no toy.ipynb .* restart its kernel"):
        hand_in("toy")


@pytest.mark.parametrize("content", [b"", b'{"cells": [', b"{}"])
def test_a_damaged_file_keeps_the_earlier_hand_in(toy, content, monkeypatch):
    monkeypatch.setattr("helpers.hand_in.SAVING", 0.2)
    hand_in("toy")
    earlier = (toy.parent / "hand_in" / "toy.ipynb").read_bytes()
    toy.write_bytes(content)
    with pytest.raises(HandInError, match="does not read as a notebook"):
        hand_in("toy")
    assert (toy.parent / "hand_in" / "toy.ipynb").read_bytes() == earlier


def test_it_waits_for_a_notebook_that_is_being_saved(toy):
    whole = toy.read_bytes()
    toy.write_bytes(whole[:50])
    saving = threading.Timer(0.5, toy.write_bytes, [whole])
    saving.start()
    assert hand_in("toy").path.read_bytes() == whole
    saving.join()


def test_a_notebook_shows_an_error_without_a_traceback(toy):
    notebook = make(toy)
    toy.unlink()
    shown = run(notebook, toy)
    assert shown.startswith("Nothing was handed in.")
    assert "hand_in.py" not in shown


def test_other_answers_handed_in_before_are_kept(toy):
    first = toy.read_bytes()
    assert hand_in("toy").path.read_bytes() == first
    make(toy, model="model = 6")
    result = hand_in("toy")
    make(toy, model="model = 7")
    hand_in("toy")
    assert "toy-earlier.ipynb" in result.message
    assert (toy.parent / "hand_in" / "toy-earlier.ipynb").read_bytes() == first
    assert "model = 6" in (toy.parent / "hand_in" / "toy-earlier-2.ipynb").read_text()
    assert "model = 7" in (toy.parent / "hand_in" / "toy.ipynb").read_text()


def test_the_same_answers_with_other_outputs_replace_the_file(toy):
    hand_in("toy")
    notebook = nbformat.read(toy, as_version=4)
    notebook.cells[1].execution_count = 9
    nbformat.write(notebook, toy)
    result = hand_in("toy")
    assert [path.name for path in result.path.parent.iterdir()] == ["toy.ipynb"]
    assert result.path.read_bytes() == toy.read_bytes()


def test_the_box_escapes_what_a_student_wrote(toy):
    make(toy, model="# <script>alert(1)</script>\nraise NotImplementedError")
    box = hand_in("toy")._repr_html_()
    assert "<script>" not in box
    assert "&lt;script&gt;" in box


def test_a_marked_cell_that_is_gone_is_named(toy, monkeypatch):
    shipped = toy.parent / "course" / "notebooks" / "toy" / "toy.ipynb"
    make(shipped)
    monkeypatch.setattr("helpers.hand_in.course_root", lambda: toy.parent / "course")
    assert hand_in("toy").warnings == []
    notebook = nbformat.read(toy, as_version=4)
    del notebook.cells[2]
    nbformat.write(notebook, toy)
    (warning,) = hand_in("toy").warnings
    assert "training_cell is gone" in warning
