"""Run programs that nobody trusts: they see little, reach nothing, and leave nothing behind.

On Linux this needs bubblewrap (the program `bwrap`). Such a program then has no network, its own
processes, an empty environment, a temporary folder that disappears with it, and a read-only view
of Python, of the course's package and of the data: no solutions, no submissions, no gradebook.
Elsewhere only the limits of memory and file size hold, which says `why_not()`.
"""

import atexit
import contextlib
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from helpers.embedded import dataset

REQUIRED = "COURSE_REQUIRE_ISOLATION"  # set to refuse, rather than to warn
# As root, each grading process lets its programs run as another user, so that none of them uses up
# the processes that another may have. The range is systemd's, for users that exist only for a time.
USERS = range(61184, 65520)
# What programs need of the system, where it is there. Nothing of it is secret.
SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"),
    *("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/passwd"),
    "/sys/devices/system/cpu",
)
CACHE = Path("/tmp/cache")
DATA = CACHE / dataset.IN_CACHE
SHARED_MEMORY = 2**26  # bytes of what programs share in /dev/shm
PASSED_ON = ("LANG", "NBGRADER_EXECUTION")  # of the environment; the rest stays outside
WORKSHOP = "course-work-"  # how the name of a folder begins in which programs work
LONGEST_FOLDER = 50  # characters; Linux takes 107 for a socket, whose name is below it


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
    python = [sys.executable, "-P", "-c", "import helpers"]
    tried = subprocess.run(
        [*_sandbox(Limits(), [], []), *_limiter(Limits(), isolated=True), *python],
        capture_output=True,
        text=True,
        check=False,
        env=_environment_inside(),
    )
    if tried.returncode:
        return (
            f"`bwrap` does not work here ({tried.stderr.strip()[-300:] or tried.returncode}): a "
            "container has to allow user namespaces; everybody has to be allowed to read "
            f"{sys.prefix}, {sys.base_prefix} and {Path(__file__).parents[1]}; and Python's own "
            "libraries have to lie there, or below /usr or /lib."
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
        return [*_limiter(limits, isolated=False), *program] if os.name == "posix" else program
    for folder in writable:
        give_to_user(folder)
    return [*_sandbox(limits, readable, writable), *_limiter(limits, isolated=True), *program]


def fork_server_command(program: Sequence[str | Path], folder: Path) -> list[str]:
    """Return the command for `fork_server`, which isolates what it forks once more.

    Args:
        program: the command to run.
        folder: where all programs will have their own folders.
    """
    return [*_sandbox(Limits(), [], [folder], forks=True), *(str(part) for part in program)]


def environment(**more: str) -> dict[str, str]:
    """Return the environment for an isolated program, with `more` in it."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    if why_not():
        usual = ("PATH", "HOME", "XDG_CACHE_HOME", "SYSTEMROOT", "TEMP", "TMPDIR")
        return kept | {name: os.environ[name] for name in usual if name in os.environ} | more
    return _environment_inside() | kept | more


def _environment_inside() -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(Path(__file__).parents[2]),  # only `helpers` is seen of it
        "HOME": "/tmp",
        "XDG_CACHE_HOME": str(CACHE),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def make_folder(name: str) -> Path:
    """Return a new folder that an isolated program can be allowed to use.

    Args:
        name: how its name begins.
    """
    return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=workshop()))


@functools.cache
def workshop() -> Path:
    """Return the folder in which the programs that this process starts have their folders."""
    remove_leftovers()
    made = Path(tempfile.mkdtemp(prefix=f"{WORKSHOP}{os.getpid()}-", dir=_temporary_folder()))
    made.chmod(0o711)  # what is in it has names that nobody can guess
    atexit.register(remove, made)
    return made


def remove_leftovers() -> None:
    """Remove the folders of processes that were killed, and end what waits for them.

    Of bubblewrap's two processes, the inner one waits for ever if the outer one is killed just
    after it has begun (seen with bubblewrap 0.8.0). No program runs in it yet.
    """
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):  # it may end meanwhile, or be somebody else's
            if process.info["name"] == "bwrap" and _is_left(" ".join(process.cmdline())):
                process.kill()
    for folder in _temporary_folder().glob(f"{WORKSHOP}*-*"):
        if _is_left(str(folder)):
            remove(folder)


def unlock(folder: Path) -> None:
    """Make all below a folder readable for this user, also where somebody forbade it."""
    if os.name == "posix":
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=False, capture_output=True)


def remove(folder: Path) -> None:
    """Remove a folder, also where somebody made it hard on purpose."""
    if os.name == "posix":  # this bears any depth
        unlock(folder)
        subprocess.run(["rm", "-rf", folder], check=False, capture_output=True)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def _is_left(text: str) -> bool:
    """Tell whether a text names a folder that `workshop` made for a process that has ended."""
    found = re.search(rf"/{WORKSHOP}(\d+)-", text)
    return found is not None and not psutil.pid_exists(int(found[1]))


def _temporary_folder() -> Path:
    """Return the user's temporary folder, unless its path is too long for that of a socket."""
    folder = Path(tempfile.gettempdir())
    return Path("/tmp") if os.name == "posix" and len(str(folder)) > LONGEST_FOLDER else folder


def always_shown() -> list[Path]:
    """Return what every program gets to read: the system, Python, and the course's package."""
    ours = (sys.base_prefix, sys.prefix, Path(__file__).parents[1])
    return [Path(path) for path in (*SYSTEM, *ours)]


def give_to_user(path: Path) -> None:
    """Let the user that isolated programs run as write to `path`; a matter of root only."""
    if not why_not() and (user := _user()) is not None:
        os.chown(path, user, user)


def limits_of(limits: Limits, *, isolated: bool) -> dict[str, Any]:
    """Return what `limited.limit` takes: names of limits, with their values."""
    wanted = {"DATA": limits.memory, "FSIZE": limits.file_size, "CORE": 0}
    if isolated:  # else the limit would count all the user's processes
        wanted |= {"NPROC": limits.processes}
    return wanted | {"user": _user() if isolated else None, "filter": isolated}


def _user() -> int | None:
    """Return the user that isolated programs have to become; None if they stay who they are."""
    return USERS[os.getpid() % len(USERS)] if os.geteuid() == 0 else None


def _limiter(limits: Limits, *, isolated: bool) -> list[str]:
    """Return the command in front of another that limits it."""
    launcher = str(Path(__file__).with_name("limited.py"))
    wanted = limits_of(limits, isolated=isolated)
    return [sys.executable, "-I", "-S", launcher, json.dumps(wanted)]


def _sandbox(
    limits: Limits, readable: Iterable[Path], writable: Iterable[Path], *, forks: bool = False
) -> list[str]:
    """Return bubblewrap's part of the command.

    Args:
        limits: of which only `scratch` matters here.
        readable: files and folders to show, beside what every program needs.
        writable: folders to show, and to let it write to.
        forks: whether the program isolates what it forks once more, and so has to be mighty.
    """
    options = [shutil.which("bwrap") or "bwrap", "--die-with-parent", "--new-session"]
    options += ["--unshare-ipc", "--unshare-net", "--unshare-pid", "--unshare-uts"]
    root = os.geteuid() == 0
    options += ["--cap-drop", "ALL"] if root else ["--unshare-user", "--disable-userns"]
    # Root keeps its user namespace, so that it can become somebody who bears its limits.
    kept = ["CAP_SETUID", "CAP_SETGID"] if root else []
    kept += ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"] if forks else []
    options += [word for name in kept for word in ("--cap-add", name)]
    # Linux lets nobody mount a fresh /proc in front of bubblewrap's own, but of the system's.
    options += ["--dev", "/dev", *(["--bind", "/proc", "/proc"] if forks else ["--proc", "/proc"])]
    options += ["--perms", "1777", "--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm"]
    options += ["--perms", "1777", "--size", str(limits.scratch), "--tmpfs", "/tmp"]

    shown = [*always_shown(), *readable]
    bound = [("--ro-bind-try", path.resolve(), path) for path in shown]
    bound += [("--ro-bind-try", dataset.default_data_dir(), DATA)]
    bound += [("--bind", path, path) for path in writable]
    # Made here, or only root could enter the folders above.
    for folder in sorted({above for *_, path in bound for above in path.parents[:-1]}):
        options += ["--perms", "1777" if folder == CACHE else "0755", "--dir", str(folder)]
    for how, outside, inside in bound:
        options += [how, str(outside), str(inside)]
    return [*options, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--"]
