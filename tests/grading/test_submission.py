"""Whatever is handed in is read, rebuilt, or refused with a reason."""

import json
import os

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbgrader import utils
from traitlets.config import Config

from helpers.instructor import job, submission, verdict
from helpers.paths import course_root
from tests.grading import resaved

RELEASED = course_root() / "notebooks" / "regularization" / "regularization.ipynb"


@pytest.fixture(scope="module")
def released():
    return nbformat.read(RELEASED, as_version=4)


@pytest.fixture
def solved():
    """The solution, as JSON that a test may change."""
    path = course_root() / "solutions" / "regularization" / "regularization.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))


ANSWERED = ("model_cell", "training_cell")


def rebuilt_sources(released, content):
    rebuilt = submission.rebuild(released, submission.take_answers(content, released))
    nbformat.validate(rebuilt)
    return {cell.id: cell.source for cell in rebuilt.cells}


def cell_of(content, name):
    return next(cell for cell in content["cells"] if cell.get("id") == name)


def test_only_the_answers_are_taken(released, solved):
    cell_of(solved, "check_model")["source"] = "5.0"
    cell_of(solved, "check_model")["metadata"]["tags"] = ["skip-execution"]
    sources = rebuilt_sources(released, solved)
    original = {cell.id: cell for cell in released.cells}
    for name, cell in original.items():
        if name not in ANSWERED and cell.cell_type == "code":
            assert sources[name] == cell.source
    for name in ANSWERED:
        assert sources[name] == "".join(cell_of(solved, name)["source"])


@pytest.mark.parametrize("program", resaved.BY)
def test_a_notebook_that_another_program_saved_is_rebuilt_the_same(released, solved, program):
    expected = rebuilt_sources(released, solved)
    resaved.BY[program](solved)
    after = rebuilt_sources(released, solved)
    shown = {name for name in expected if name.startswith("shown-")}
    assert {name: after[name] for name in expected.keys() - shown} == {
        name: expected[name] for name in expected.keys() - shown
    }


def test_cells_without_metadata_are_known_by_their_ids(released, solved):
    for cell in solved["cells"]:
        cell["metadata"] = {}
    assert rebuilt_sources(released, solved)["model_cell"] == "".join(
        cell_of(solved, "model_cell")["source"]
    )


@pytest.mark.parametrize("version", [1, 2, 4, 99, "3", None])
def test_another_schema_version_makes_no_difference(released, solved, version):
    expected = rebuilt_sources(released, solved)
    for cell in solved["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["schema_version"] = version
    assert rebuilt_sources(released, solved) == expected


def test_cells_that_a_student_added_run_where_they_stood_and_can_be_left_out(released, solved):
    index = solved["cells"].index(cell_of(solved, "model_cell"))
    own = {"cell_type": "code", "source": ["def block():\n", "    pass"], "metadata": {}}
    solved["cells"].insert(index, own)
    answers = submission.take_answers(solved, released)
    names = [cell.id for cell in submission.rebuild(released, answers).cells]
    added = next(name for name in names if name.startswith("added-"))
    assert names.index(added) == names.index("model_cell") - 1
    names = [c.id for c in submission.rebuild(released, answers, added_cells=False).cells]
    assert not any(name.startswith("added-") for name in names)


def test_a_cell_of_ones_own_that_calls_itself_a_test_is_left_out(released, solved):
    fake = {
        "cell_type": "code",
        "source": "5.0",
        "metadata": {"nbgrader": {"grade": True, "grade_id": "more", "points": 100}},
    }
    solved["cells"].append(fake)
    assert "5.0" not in rebuilt_sources(released, solved).values()


def test_a_copied_answer_further_down_does_not_count(released, solved):
    copy = json.loads(json.dumps(cell_of(solved, "model_cell")))
    copy["source"] = "model = None"
    solved["cells"].append(copy)
    assert rebuilt_sources(released, solved)["model_cell"] != "model = None"


def test_an_answer_that_is_missing_stays_the_stub_and_is_noted(released, solved):
    solved["cells"].remove(cell_of(solved, "training_cell"))
    rebuilt = submission.rebuild(released, submission.take_answers(solved, released))
    assert submission.notes_of(rebuilt)["missing"] == ["training_cell"]


def test_what_a_cell_showed_is_kept_below_it_with_nothing_active_in_it(released, solved):
    cell_of(solved, "model_cell")["outputs"] = [
        {"output_type": "display_data", "data": {"text/html": "<script>alert(1)</script>"}},
        {"output_type": "stream", "text": ["<script>alert(2)</script>\n\n\nend"]},
        {"output_type": "display_data", "data": {"image/png": "iVBORw0K\nGgo="}},
        {"output_type": "display_data", "data": {"image/png": '"><script>alert(3)</script>'}},
        {"output_type": "error", "ename": "<b>", "evalue": "x" * 400_000},
        "damaged",
    ]
    rebuilt = submission.rebuild(released, submission.take_answers(solved, released))
    names = [cell.id for cell in rebuilt.cells]
    shown = rebuilt.cells[names.index("model_cell") + 1]
    assert shown.cell_type == "markdown"
    assert "<script" not in shown.source
    assert "&lt;script&gt;alert(2)" in shown.source
    assert "data:image/png;base64,iVBORw0KGgo=" in shown.source
    assert "\n\n" not in shown.source
    assert len(shown.source) < submission.LARGEST_OUTPUT + 1000


def test_what_a_cell_showed_stays_short_however_many_lines_it_has(released, solved):
    cell_of(solved, "model_cell")["outputs"] = [
        {"output_type": "stream", "text": "short\n\n\n"},
        {"output_type": "stream", "text": "\n" * submission.LARGEST_OUTPUT + "end"},
    ]
    rebuilt = submission.rebuild(released, submission.take_answers(solved, released))
    (shown,) = (cell.source for cell in rebuilt.cells if cell.id == "shown-model_cell")
    assert "short" in shown
    assert "There was more" in shown
    assert len(shown) < 1000


def test_half_a_character_becomes_a_question_mark(released, solved, tmp_path):
    cell_of(solved, "model_cell")["source"] = "model = '\ud800'"
    cell_of(solved, "model_cell")["outputs"] = [{"output_type": "stream", "text": "x\udfff"}]
    solved["cells"].insert(0, {"cell_type": "code", "source": "'\ud83d'"})
    rebuilt = submission.rebuild(released, submission.take_answers(solved, released))
    nbformat.write(rebuilt, tmp_path / "stored.ipynb")
    sources = [cell.source for cell in nbformat.read(tmp_path / "stored.ipynb", 4).cells]
    assert "model = '?'" in sources
    assert "'?'" in sources


def test_a_file_name_in_another_encoding_is_told_of(tmp_path):
    for name in (b"L\xf6sung.ipynb", b"other.ipynb"):
        (tmp_path / os.fsdecode(name)).touch()
    assert unreadable(tmp_path).encode()
    (tmp_path / "other.ipynb").unlink()
    assert "`L?sung.ipynb` is empty" in unreadable(tmp_path)


def test_too_many_cells_are_refused(released, solved):
    solved["cells"] += [{"cell_type": "code", "source": "1"}] * submission.MOST_CELLS
    with pytest.raises(submission.Unreadable, match=r"2,\d+ cells; at most 2,000"):
        submission.take_answers(solved, released)


def test_pictures_in_an_answers_text_are_kept_and_nothing_else_that_is_attached():
    cell = nbformat.v4.new_markdown_cell("", id="text")
    cell.metadata.nbgrader = {"solution": True, "grade": True, "grade_id": "text", "points": 1}
    released = nbformat.v4.new_notebook(cells=[cell])
    source = "![a](attachment:a%20b.png) ![c](attachment:c.svg) ![d](attachment:none.png)"
    attachments = {
        "a%20b.png": {"image/png": "iVBORw0KGgo="},
        "c.svg": {"image/svg+xml": "<svg onload='alert(1)'>"},
        "large.png": {"image/png": "A" * (submission.LARGEST_PICTURES + 4)},
        "damaged.png": "damaged",
    }
    answer = {"cell_type": "markdown", "id": "text", "source": source, "attachments": attachments}
    rebuilt = submission.rebuild(released, submission.take_answers({"cells": [answer]}, released))
    nbformat.validate(rebuilt)
    assert rebuilt.cells[0].attachments == {"a%20b.png": {"image/png": "iVBORw0KGgo="}}
    assert rebuilt.cells[0].source == (
        "![a](attachment:a%20b.png) ![c](missing:c.svg) ![d](missing:none.png)"
    )


def unreadable(folder, assignment="regularization"):
    with pytest.raises(submission.Unreadable) as error:
        submission.read_notebook(submission.find_notebook(folder, assignment))
    return str(error.value)


def test_a_renamed_notebook_is_found_if_there_is_only_one(tmp_path):
    (tmp_path / "my work (1).IPYNB").write_text("{}")
    assert submission.find_notebook(tmp_path, "regularization").name == "my work (1).IPYNB"
    (tmp_path / "other.ipynb").write_text("{}")
    assert "several (my work (1).IPYNB, other.ipynb)" in unreadable(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b'{"cells": [', "is damaged"),
        (b"[" * 100_000, "is damaged"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"[]", "is no notebook"),
        (b'{"cells": 3}', "is no notebook"),
        (b'{"worksheets": 3, "nbformat": 3}', "is no notebook"),
        (b"9" * 5000, "is damaged"),
    ],
)
def test_what_is_no_notebook_is_refused_with_the_reason(tmp_path, content, reason):
    (tmp_path / "regularization.ipynb").write_bytes(content)
    assert reason in unreadable(tmp_path)


def test_links_folders_pipes_and_giants_are_refused_without_opening_them(tmp_path):
    path = tmp_path / "regularization.ipynb"
    path.symlink_to("/etc/passwd")
    assert "is a link" in unreadable(tmp_path)
    path.unlink()
    path.mkdir()
    assert "no plain file" in unreadable(tmp_path)
    path.rmdir()
    os.mkfifo(path)
    assert "no plain file" in unreadable(tmp_path)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(submission.LARGEST_FILE + 1)
    assert "MB; at most 50" in unreadable(tmp_path)


def test_a_missing_folder_a_file_or_a_link_in_its_place_are_refused(tmp_path):
    assert "there are none" in unreadable(tmp_path)
    file = tmp_path / "file"
    file.touch()
    assert "is no folder" in unreadable(file)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    assert "is no folder" in unreadable(link)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-24 10:00:00.000000 UTC", "2026-11-24T10:00:00"),
        ("2026-11-24 12:00:00 CET", "2026-11-24T11:00:00"),
        ("yesterday", None),
        ("", None),
        ("9" * 50, None),
        ("2026-11-24 10:00:00 /etc/passwd", None),
        ("\0", None),
    ],
)
def test_a_broken_timestamp_is_no_timestamp(tmp_path, text, time):
    (tmp_path / "timestamp.txt").write_text(text)
    assert submission.read_timestamp(tmp_path) == time


def test_a_timestamp_behind_a_link_is_not_read(tmp_path):
    (tmp_path / "real").write_text("2026-11-24 10:00:00 UTC")
    (tmp_path / "timestamp.txt").symlink_to(tmp_path / "real")
    assert submission.read_timestamp(tmp_path) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)
KEYS = st.sampled_from(
    ["cell_type", "source", "metadata", "outputs", "id", "nbgrader", "grade_id", "data", "text"]
)


@st.composite
def damage(draw):
    """Where to damage a notebook, and what to put there."""
    return draw(st.integers(0, 60)), draw(KEYS), draw(JSON), draw(st.booleans())


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(damages=st.lists(damage(), min_size=1, max_size=12), cells=JSON, whole=st.booleans())
def test_no_damage_lets_an_exception_escape(released, solved, damages, cells, whole):
    content = json.loads(json.dumps(solved))
    if not whole:
        content["cells"].insert(0, cells)
    for index, key, value, inner in damages:
        cell = content["cells"][index % len(content["cells"])]
        if not isinstance(cell, dict):
            continue
        target = cell.get("metadata") if inner else cell
        if isinstance(target, dict):
            target[key] = value
    try:
        rebuilt = submission.rebuild(released, submission.take_answers(content, released))
    except submission.Unreadable:
        return
    nbformat.validate(rebuilt)
    assert [c.id for c in rebuilt.cells if c.id == "check_model"] == ["check_model"]


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_bytes_are_handed_in_there_is_a_result(released, solved, tmp_path, data):
    text = json.dumps(solved).encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 200)))
    damaged = text[:start] + data.draw(st.binary(max_size=40)) + text[end:]
    (tmp_path / "regularization.ipynb").write_bytes(damaged)
    grader = job.Grader("regularization", RELEASED, Config())
    graded = grader.rebuild(job.Job("somebody", tmp_path, tmp_path / "job"))
    verdict.write_into(graded, {})  # nothing was handed over
    nbformat.validate(graded)
    checks = [cell for cell in graded.cells if cell.id.startswith("check_")]
    assert [utils.determine_grade(cell) for cell in checks] == [(0, 5), (0, 5)]
    assert all(verdict.reason_in(cell) for cell in checks)
