"""A copy of the course in a folder of its own, and `course lab` on it."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COURSE = [sys.executable, "-c", "from helpers.cli import main; main()"]


def copy_course(folder, notebooks=ROOT / "notebooks"):
    """Copy what `course lab` needs into a folder, so that nobody's own `work/` is touched."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "helpers", folder / "helpers", ignore=ignore)
    shutil.copytree(notebooks, folder / "notebooks", ignore=ignore)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder


@contextlib.contextmanager
def running_lab(root, **environment):
    """Run `course lab` on a copy of the course, on a free port, and stop it with Ctrl+C.

    Args:
        root: the folder that `copy_course` filled.
        environment: variables to set for it.

    Yields:
        The running process, with the printed address, its token included, as `address`, and the
        file that holds what it printed as `log`.
    """
    log = root / "lab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*COURSE, "lab", "--no-browser"],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl+C in a terminal reaches a group of processes
        )
    server.log = log
    try:
        server.address = _printed_address(server)
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGINT)
        server.wait(timeout=30)


def _printed_address(server):
    """Wait until the server prints its address, and return it."""
    for _ in range(300):
        if found := re.search(r"http://127\.0\.0\.1:\S+", server.log.read_text()):
            return found[0]
        if server.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{server.log.read_text()}")
