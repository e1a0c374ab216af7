"""Run programs that nobody trusts: they see little, reach nothing, and leave nothing behind.

On Linux this needs bubblewrap (the program `bwrap`). Such a program then has no network, its own
processes, an empty environment, a temporary folder that disappears with it, and a read-only view
of Python, of the course's package and of the data: no solutions, no submissions, no gradebook.
Elsewhere only the limits of memory and file size hold, which says `why_not()`.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from helpers.embedded import dataset

REQUIRED = "COURSE_REQUIRE_ISOLATION"  # set to refuse, rather than to warn
NOBODY = 65534
# What programs need of the system, where it is there. Nothing of it is secret.
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"),
    *("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/passwd"),
    "/sys/devices/system/cpu",
)
CACHE = Path("/tmp/cache")
PASSED_ON = ("LANG", "NBGRADER_EXECUTION")  # of the environment; the rest stays outside


@dataclass(frozen=True)
class Limits:
    """What a program may use.

    Attributes:
        memory: bytes of private memory of one process.
        processes: processes and threads, together.
        file_size: bytes of one file.
        scratch: bytes of all files in the temporary folder, which is kept in memory.
    """

    memory: int = 6 * 2**30
    processes: int = 512
    file_size: int = 2**28
    scratch: int = 2**29


class IsolationMissing(RuntimeError):
    """Isolation was asked for and is not to be had here; says why and what to do."""


@functools.cache
def why_not() -> str:
    """Return why programs cannot be isolated here, and what to do; empty if they can be."""
    if not sys.platform.startswith("linux"):
        return "Programs are isolated on Linux only: grade there, or in a container."
    if shutil.which("bwrap") is None:
        return "The program `bwrap` is missing: install the system's package `bubblewrap`."
    tried = subprocess.run(
        [*_sandbox(Limits(), [], []), "true"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ.get("PATH", os.defpath)},
    )
    if tried.returncode:
        return (
            f"`bwrap` does not work here ({tried.stderr.strip() or tried.returncode}): a container "
            "has to allow user namespaces."
        )
    return ""


def command(
    program: Sequence[str | Path],
    *,
    limits: Limits,
    readable: Iterable[Path] = (),
    writable: Iterable[Path] = (),
) -> list[str]:
    """Return the command that runs `program` isolated, or only limited where that is impossible.

    Args:
        program: the command to run; the course's Python is `sys.executable`.
        limits: what it may use.
        readable: files and folders that it may read, beside Python, `helpers` and the data.
        writable: folders that it may write to. They are given to the user that it runs as.

    Raises:
        IsolationMissing: it is impossible, and the variable `COURSE_REQUIRE_ISOLATION` is set.
    """
    program = [str(part) for part in program]
    if reason := why_not():
        if os.environ.get(REQUIRED):
            raise IsolationMissing(f"Isolation is required. {reason}")
        return [*_limiter(limits, user=None), *program] if os.name == "posix" else program
    for folder in writable:
        give_to_user(folder)
    user = NOBODY if os.geteuid() == 0 else None
    return [*_sandbox(limits, readable, writable), *_limiter(limits, user=user), *program]


def environment(**more: str) -> dict[str, str]:
    """Return the environment for an isolated program, with `more` in it."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    if why_not():
        usual = ("PATH", "HOME", "XDG_CACHE_HOME", "SYSTEMROOT", "TEMP", "TMPDIR")
        return kept | {name: os.environ[name] for name in usual if name in os.environ} | more
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": "/tmp",
        "XDG_CACHE_HOME": str(CACHE),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **kept,
        **more,
    }


def give_to_user(path: Path) -> None:
    """Let the user that isolated programs run as write to `path`; a matter of root only."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)


def _limiter(limits: Limits, user: int | None) -> list[str]:
    """Return the command in front of another that limits it."""
    wanted = {
        "DATA": limits.memory,
        "FSIZE": limits.file_size,
        "CORE": 0,
        "user": user,
    }
    if user is not None or not why_not():  # else the limit would count all the user's processes
        wanted["NPROC"] = limits.processes
    launcher = str(Path(__file__).with_name("limited.py"))
    return [sys.executable, "-I", "-S", launcher, json.dumps(wanted)]


def _sandbox(limits: Limits, readable: Iterable[Path], writable: Iterable[Path]) -> list[str]:
    """Return bubblewrap's part of the command."""
    options = ["bwrap", "--die-with-parent", "--new-session"]
    options += ["--unshare-ipc", "--unshare-net", "--unshare-pid", "--unshare-uts"]
    # Root keeps its user namespace, so that it can become somebody who bears its limits.
    options += (
        ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        if os.geteuid() == 0
        else ["--unshare-user", "--disable-userns"]
    )
    options += ["--dev", "/dev", "--proc", "/proc"]
    options += ["--perms", "1777", "--size", str(limits.scratch), "--tmpfs", "/tmp"]

    course = Path(__file__).parents[1]
    shown = [Path(path) for path in (*SYSTEM, sys.base_prefix, sys.prefix, course, *readable)]
    bound = [("--ro-bind-try", path.resolve(), path) for path in shown]
    bound += [("--ro-bind-try", dataset.default_data_dir(), CACHE / dataset.IN_CACHE)]
    bound += [("--bind", path, path) for path in writable]
    # Made here, or only root could enter the folders above.
    for folder in sorted({above for *_, path in bound for above in path.parents[:-1]}):
        options += ["--perms", "1777" if folder == CACHE else "0755", "--dir", str(folder)]
    for how, outside, inside in bound:
        options += [how, str(outside), str(inside)]
    return [*options, "--remount-ro", "/", "--chdir", "/tmp", "--"]
