"""Where the course keeps its files."""

from pathlib import Path

ASSIGNMENTS = ("regularization", "transfer_learning", "deployment")


def course_root() -> Path:
    """Return the folder of the course, with `notebooks/`, `solutions/` and the configuration.

    Raises:
        FileNotFoundError: `helpers` was installed without the course around it.
    """
    root = Path(__file__).resolve().parent.parent
    if not (root / "nbgrader_config.py").is_file():
        raise FileNotFoundError(
            f"There is no course around the installed package: {root} has no nbgrader_config.py. "
            "This command needs a clone of the course, installed with `make lab` "
            "or `pip install -e .` in it."
        )
    return root
