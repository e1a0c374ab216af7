"""The solutions on a part of the real CIFAR-10, in the settings for a laptop."""

import os

import pytest
from nbclient import NotebookClient

from helpers import data
from helpers.instructor import build
from helpers.paths import ASSIGNMENTS, course_root

pytestmark = [
    pytest.mark.slow,
    pytest.mark.real_data,
    pytest.mark.skipif(
        not data.is_prepared("cifar10"),
        reason="no prepared CIFAR-10: set TFDS_DATA_DIR to a folder that holds cifar10/3.0.2",
    ),
]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_solution_runs_on_real_images_and_passes_its_checks(name, tmp_path):
    notebook = build.read_solution(course_root() / "solutions" / name / f"{name}.py")
    client = NotebookClient(
        notebook,
        timeout=1800,
        resources={"metadata": {"path": str(tmp_path)}},
        skip_cells_with_tag="hand-in",
    )
    client.execute(env={**os.environ, "COURSE_PROFILE": "quick"})
    results = [
        output.data["text/plain"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "execute_result"
    ]
    assert any(text.startswith("Data: CIFAR-10.") for text in results)
    reports = [text for text in results if text.startswith("check_")]
    checks = [cell for cell in notebook.cells if "checks.check_" in cell.source]
    assert len(reports) == len(checks) > 0
    for report in reports:
        assert "all there" in report
