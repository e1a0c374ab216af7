"""Run a solution where there is no network: `python -m tests.notebooks.offline NAME PROFILE`.

`run_offline` starts this in a network namespace that has nothing but loopback.
"""

import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = ["unshare", "--map-root-user", "--net"]
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1  # from Linux's sockios.h and if.h


def why_not() -> str | None:
    """Return why there can be no network namespace here, or None."""
    if shutil.which(NAMESPACE[0]) is None:
        return "there is no `unshare`: network namespaces are Linux's"
    tried = subprocess.run([*NAMESPACE, "true"], capture_output=True, text=True)
    return tried.stderr.strip() if tried.returncode else None


def run_offline(name: str, profile: str, cache: Path, **environment: str) -> dict:
    """Run a solution without a network, with nothing of the course on disk but its own files.

    Args:
        name: the assignment.
        profile: the profile to run in.
        cache: an empty folder in place of the user's caches and data.
        environment: more variables.

    Returns:
        `seconds`, of the whole process; `errors`, what cells raised; `stderr`, what they wrote.
    """
    variables = {
        "XDG_CACHE_HOME": cache / "cache",
        "TFDS_DATA_DIR": cache / "tfds",
        "KERAS_HOME": cache / "keras",
        "MPLCONFIGDIR": cache / "matplotlib",
        "COURSE_PROFILE": profile,
    }
    started = time.perf_counter()
    finished = subprocess.run(
        [*NAMESPACE, sys.executable, "-m", "tests.notebooks.offline", name],
        cwd=ROOT,
        env={**os.environ, **{key: str(value) for key, value in variables.items()}, **environment},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    if finished.returncode:
        raise RuntimeError(finished.stderr)
    return {"seconds": seconds, **json.loads(finished.stdout.splitlines()[-1])}


def main(name: str) -> None:
    """Run a solution's notebook in this process's namespace, and print what went wrong in it."""
    from nbclient import NotebookClient

    from helpers.instructor import build

    _bring_loopback_up()
    notebook = build.read_solution(ROOT / "solutions" / name / f"{name}.py")
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(
            notebook,
            timeout=900,
            allow_errors=True,
            resources={"metadata": {"path": folder}},
            skip_cells_with_tag="hand-in",
        ).execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    errors = [out.evalue for out in outputs if out.output_type == "error"]
    stderr = [out.text for out in outputs if out.get("name") == "stderr"]
    print(json.dumps({"errors": errors, "stderr": stderr}))


def _bring_loopback_up() -> None:
    """Make 127.0.0.1 work, which a kernel talks over, and see that nothing else does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
    assert socket.if_nameindex() == [(1, "lo")], "this is not a namespace without a network"


if __name__ == "__main__":
    main(sys.argv[1])
