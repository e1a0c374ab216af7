"""Where a recorded number comes from, and how it gets onto the disk."""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from helpers.profiles import usable_cores

PACKAGES = ("tensorflow", "keras", "numpy", "matplotlib")


def origin(command: str, **facts) -> dict:
    """Return what has to stand beside a number: command, versions, cores, date, and `facts`."""
    return {
        "command": command,
        **facts,
        "versions": {
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        "cores": usable_cores(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
    }


def read(path: Path) -> dict:
    """Return the record at `path`; an empty one if there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def write(path: Path, record: dict) -> None:
    """Write a record so that a break leaves the old one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
