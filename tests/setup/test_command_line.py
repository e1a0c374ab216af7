"""The command line answers at once: help, and what it imports, need no TensorFlow."""

import json
import subprocess
import sys

import pytest
from typer.main import get_command

from helpers.cli import app

SLOW = {"tensorflow", "keras", "tensorflow_datasets", "matplotlib", "nbgrader", "jupyterlab"}
COMMANDS = sorted(get_command(app).commands)


def import_in_a_fresh_process(code):
    """Run code in a fresh interpreter; return what it wrote, and the top-level modules it has."""
    code += (
        "\nimport json, sys"
        "\nprint(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    output, modules = result.stdout.rstrip().rpartition("\n")[::2]
    return output, set(json.loads(modules))


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_imports_nothing_slow(arguments):
    output, modules = import_in_a_fresh_process(
        "import sys\n"
        "from helpers.cli import main\n"
        f"sys.argv = ['course', *{arguments!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
    )
    assert "Usage: course" in output
    assert not modules & SLOW


@pytest.mark.parametrize(
    "module", ["doctor", "lab", "ports", "profiles", "data", "densenet", "materials"]
)
def test_modules_that_commands_use_import_nothing_slow(module):
    _, modules = import_in_a_fresh_process(f"import helpers.{module}")
    assert not modules & SLOW
