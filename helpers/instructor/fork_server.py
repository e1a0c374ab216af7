"""A Python that has imported TensorFlow, and forks an isolated process for each program.

    python -I -m helpers.instructor.fork_server SOCKET WORKSHOP

`warm.py` starts it inside the sandbox of `isolation`, and asks for processes over SOCKET, the
number of a file descriptor. All of them are given folders below WORKSHOP, and each sees only its
own. Whatever is imported here can be read by student code, so nothing of the checks is.

A forked process unshares once more what programs share: mounts, processes, network, memory. Then
there are two: the first process of the new name space, with whose end the kernel ends all others in
it, and the program itself, which could not be killed by its own signals if it were the first one.
"""

import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import struct
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from helpers.instructor import limited

# What notebooks import, and what a kernel needs. Of the checks only what hands things over.
IMPORTED = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipywidgets", "IPython.core.completer"),
    *("matplotlib.pyplot", "matplotlib.backends.backend_agg"),
    *("numpy", "PIL.Image", "psutil", "tensorflow_datasets"),
    *("helpers.checks.handover", "helpers.data", "helpers.densenet", "helpers.deployment"),
    *("helpers.features", "helpers.hand_in", "helpers.history", "helpers.inspection"),
    *("helpers.live", "helpers.mistakes", "helpers.pictures", "helpers.questions"),
    *("helpers.references", "helpers.trained", "helpers.transfer", "helpers.widgets"),
)
SHARED_MEMORY = 2**26  # bytes in /dev/shm
MOST_FILES = 8  # open ones that come with a request

# From Linux's headers; Python has names for some of them from 3.12 on.
NEW_NAME_SPACES = 0x00020000 | 0x08000000 | 0x20000000 | 0x40000000  # NS, IPC, PID, NET
READ_ONLY, NO_SUID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 32, 4096, 16384, 1 << 18
CAPABILITIES_VERSION = 0x20080522
GET_FLAGS, SET_FLAGS, UP = 0x8913, 0x8914, 1  # of a network device

libc = ctypes.CDLL(None, use_errno=True)


def serve(connection: socket.socket, workshop: Path) -> None:
    """Fork a process for each request, until the other side closes the connection."""
    while True:
        request, files, *_ = socket.recv_fds(connection, 2**16, MOST_FILES)
        if not request:
            return
        child = os.fork()
        if child == 0:
            _start(json.loads(request), files, connection, workshop)
        os.waitpid(child, 0)  # it ends as soon as it has made the first process
        for number in files:
            os.close(number)


def _start(
    request: dict[str, Any], files: list[int], connection: socket.socket, workshop: Path
) -> NoReturn:
    """Isolate this process, answer, and run the program that was asked for."""
    try:
        _check(libc.unshare(NEW_NAME_SPACES))
        _switch_loopback_on()
        _show_only(request, workshop)
        if os.fork():  # only children are inside the new name space of processes
            os._exit(0)
        _mount("proc", "/proc", "proc", NO_SUID | NO_DEVICES | NO_PROGRAMS)
        os.setsid()
        limited.limit(request["limits"])
        os.chdir(request["folder"])
        _drop_capabilities()
        connection.send(b"ready")  # along with it goes the number of this process
    except BaseException:
        connection.send(traceback.format_exc().encode()[-2000:])
        os._exit(1)
    connection.close()
    program = os.fork()
    if program == 0:
        _run(request, files)
    for number in files:
        os.close(number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # or the program could end it
    while True:
        ended, status = os.wait()  # also of those whose parents are gone
        if ended == program:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def _run(request: dict[str, Any], files: list[int]) -> NoReturn:
    """Become the program: a module that is run as `python -m` would, with open files as well."""
    status = 1
    try:
        os.setsid()
        path = request["log"]
        log = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600) if path else files.pop(0)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.modules["numpy"].random.seed()  # Python's own generator does so by itself
        sys.argv = [request["module"], *request["arguments"], *map(str, files)]
        gc.enable()
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status & 255)


def _show_only(request: dict[str, Any], workshop: Path) -> None:
    """Put empty folders in front of all that is shared, and in them what the request names."""
    shown = [(path, True) for path in request["writable"]]
    shown += [(path, False) for path in request["readable"]]
    opened = [(path, os.open(path, os.O_PATH), writable) for path, writable in shown]
    _mount("none", "/", None, RECURSIVE | PRIVATE)
    _mount_folder("/tmp", request["scratch"], 0o1777)
    for folder in request["folders"]:
        Path(folder).mkdir()
        Path(folder).chmod(0o1777)
    _mount_folder("/dev/shm", SHARED_MEMORY, 0o1777)
    workshop.mkdir(parents=True, exist_ok=True)
    _mount_folder(str(workshop), 2**20, 0o755)
    for path, number, writable in opened:
        Path(path).mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{number}", path, None, BIND | RECURSIVE)
        os.close(number)
        if not writable:
            _mount_read_only(path)
    _mount_read_only(str(workshop))


def _mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    kind_as_bytes = kind.encode() if kind else None
    done = libc.mount(source.encode(), target.encode(), kind_as_bytes, flags, data.encode())
    _check(done, f"mount {kind or source} on {target}")


def _mount_folder(target: str, size: int, mode: int) -> None:
    """Mount an empty folder that is kept in memory."""
    _mount("tmpfs", target, "tmpfs", NO_SUID | NO_DEVICES, f"size={size},mode={mode:o}")


def _mount_read_only(target: str) -> None:
    """Forbid writing below a mount; nobody but root may take its other flags away."""
    flags = os.statvfs(target).f_flag & (NO_SUID | NO_DEVICES | NO_PROGRAMS)
    _mount("none", target, None, REMOUNT | BIND | READ_ONLY | flags)


def _switch_loopback_on() -> None:
    """A notebook may talk to itself over the network: to what it serves."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = bytearray(struct.pack("16sh22x", b"lo", 0))
        fcntl.ioctl(any_socket, GET_FLAGS, request)
        flags = struct.unpack_from("h", request, 16)[0]
        struct.pack_into("h", request, 16, flags | UP)
        fcntl.ioctl(any_socket, SET_FLAGS, bytes(request))


def _drop_capabilities() -> None:
    header = struct.pack("Ii", CAPABILITIES_VERSION, 0)
    _check(libc.capset(header, bytes(24)), "capset")


def _check(result: int, what: str = "unshare") -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def main(number: int, workshop: Path) -> None:
    """Import what is to be warm, say so, and serve."""
    connection = socket.socket(fileno=number)
    from helpers.quiet import import_tensorflow

    import_tensorflow()
    for name in IMPORTED:
        importlib.import_module(name)
    gc.collect()
    gc.disable()
    gc.freeze()  # a collection would copy the memory that forks share
    connection.send(b"warm")
    serve(connection, workshop)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
