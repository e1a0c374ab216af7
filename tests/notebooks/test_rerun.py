"""Cells that are run again, in any order, and a check that fails before it passes."""

import os

import pytest
from nbclient import NotebookClient

from helpers.instructor import build
from helpers.paths import ASSIGNMENTS, course_root

WRONG_MODEL = """
model = keras.Sequential(
    [keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)]
)
"""


def read(name):
    return build.read_solution(course_root() / "solutions" / name / f"{name}.py")


def client(notebook, folder):
    return NotebookClient(
        notebook,
        timeout=600,
        resources={"metadata": {"path": str(folder)}},
        skip_cells_with_tag="hand-in",
    )


def execute(running, cell):
    """Run one cell; return what it said as text."""
    running.execute_cell(cell, running.nb.cells.index(cell))
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def code_cells(notebook):
    return [
        cell
        for cell in notebook.cells
        if cell.cell_type == "code" and "hand-in" not in cell.metadata.get("tags", [])
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_any_cell_may_be_run_a_second_time_and_from_the_bottom_up(name, tmp_path):
    notebook = read(name)
    running = client(notebook, tmp_path)
    environment = {**os.environ, "COURSE_PROFILE": "grade"}
    with running.setup_kernel(env=environment):
        for cell in code_cells(notebook):
            execute(running, cell)
        for cell in reversed(code_cells(notebook)):
            execute(running, cell)


@pytest.mark.slow
def test_after_a_failed_check_the_right_answer_passes_without_a_restart(tmp_path):
    notebook = read("regularization")
    cells = {cell.id: cell for cell in notebook.cells}
    answer, check = cells["model_cell"], cells["check_model"]
    right = answer.source
    running = client(notebook, tmp_path)
    with running.setup_kernel(env={**os.environ, "COURSE_PROFILE": "grade"}):
        for cell in code_cells(notebook):
            if cell is answer:
                break
            execute(running, cell)
        answer.source = WRONG_MODEL
        execute(running, answer)
        assert "4 of 5 points" in execute(running, check)
        answer.source = right
        execute(running, answer)
        assert "5 of 5 points" in execute(running, check)
