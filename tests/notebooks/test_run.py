"""Every solution runs in a real kernel without an error and without a word on stderr."""

import os
import re

import nbformat
import pytest
from nbclient import NotebookClient

from helpers.instructor import build
from helpers.paths import ASSIGNMENTS, course_root


EXERCISES = {"regularization": 2, "transfer_learning": 2, "deployment": 3}


def run(notebook, folder, **environment):
    client = NotebookClient(
        notebook,
        timeout=600,
        allow_errors=True,
        resources={"metadata": {"path": str(folder)}},
        skip_cells_with_tag="hand-in",
    )
    client.execute(env={**os.environ, "COURSE_PROFILE": "grade", **environment})
    return notebook


def outputs(notebook, kind):
    return [
        (cell.source, output)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == kind
    ]


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def executed(request, tmp_path_factory):
    name = request.param
    notebook = build.read_solution(course_root() / "solutions" / name / f"{name}.py")
    notebook.metadata["assignment"] = name
    return run(notebook, tmp_path_factory.mktemp(name))


def test_a_solution_runs_without_an_error_and_without_a_word_on_stderr(executed):
    assert outputs(executed, "error") == []
    streams = [output for _, output in outputs(executed, "stream") if output.name == "stderr"]
    assert streams == []


def test_a_solution_passes_its_own_checks(executed):
    reports = [
        output.data["text/plain"]
        for source, output in outputs(executed, "execute_result")
        if "checks.check_" in source
    ]
    assert len(reports) == EXERCISES[executed.metadata["assignment"]]
    for report in reports:
        assert "all there" in report


def test_every_figure_names_its_data(executed):
    images = [
        (source, output.data["text/html"])
        for source, output in outputs(executed, "execute_result")
        if "<img alt=" in output.data.get("text/html", "") and "splits" in source
    ]
    assert images
    for source, image in images:
        assert "profile &#x27;grade&#x27;" in image, source


@pytest.mark.parametrize(
    "name", [ASSIGNMENTS[0], *(pytest.param(name, marks=pytest.mark.slow) for name in ASSIGNMENTS[1:])]
)
def test_an_untouched_student_notebook_stops_only_where_something_is_to_be_filled_in(
    name, tmp_path
):
    path = course_root() / "notebooks" / name / f"{name}.ipynb"
    notebook = run(nbformat.read(path, as_version=4), tmp_path)
    errors = [(source, error.ename, error.evalue) for source, error in outputs(notebook, "error")]
    stubs = [source for source, name, _ in errors if name == "NotImplementedError"]
    assert all("YOUR CODE HERE" in source for source in stubs)
    assert len(stubs) == EXERCISES[name]
    # Whatever else fails needs what was to be filled in.
    names = (
        "model|history|frozen|head|features|once|an_epoch|frozen_history|artifacts|fresh|smaller|"
        "chosen|measured|costs|strange|gaps"
    )
    unknown = [value for _, name, value in errors if name != "NotImplementedError"]
    for message in unknown:
        assert re.search(rf"'({names})' is not defined", message), message
