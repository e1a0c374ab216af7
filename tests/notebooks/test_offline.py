"""The solutions run without a network, and with nothing on disk but the course's own files."""

import pytest

from helpers.paths import ASSIGNMENTS

from . import offline

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(offline.why_not()), reason=str(offline.why_not())),
]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_solution_needs_no_network(name, tmp_path):
    finished = offline.run_offline(name, "quick", tmp_path)
    assert finished["errors"] == []
    assert finished["stderr"] == []
