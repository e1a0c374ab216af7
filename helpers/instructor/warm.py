"""Isolated processes without the wait for TensorFlow: forked from one that has imported it.

    process = warm.server().start("ipykernel_launcher", ["-f", ...], folder=..., ...)

The server is `fork_server`, started with the first call, and ends with this process. What it forks
is isolated like any other program of `isolation`, and ends when it is killed from here.
"""

import functools
import json
import logging
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

from helpers.embedded import dataset
from helpers.instructor import isolation

START_TIMEOUT = 180  # seconds; a first import from a cold disk is slow
FORK_TIMEOUT = 30  # seconds

logger = logging.getLogger(__name__)


class NotWarm(RuntimeError):
    """There is no process that could be forked, or it did not isolate; says why."""


class Process:
    """A forked process, with the methods of `subprocess.Popen` that Jupyter uses.

    Attributes:
        pid: the number of the first process of its name space; all others end with it.
        returncode: None as long as it runs, then 0: how it ended is known only to its parent.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int):
        self.pid = pid
        self.returncode: int | None = None
        self._handle = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return None if the process runs, else 0."""
        if self.returncode is None and select.select([self._handle], [], [], 0)[0]:
            self._forget()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it runs longer than `timeout` seconds.
        """
        if self.returncode is None:
            if not select.select([self._handle], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            self._forget()
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End it, and all that it has started."""
        self.send_signal(signal.SIGKILL)

    terminate = kill  # there is nobody inside who would tidy up

    def _forget(self) -> None:
        self.returncode = 0
        os.close(self._handle)


class ForkServer:
    """The process that has imported TensorFlow, and forks others.

    Attributes:
        problem: why it cannot fork; empty as long as it can.
    """

    def __init__(self) -> None:
        dataset.default_data_dir().mkdir(parents=True, exist_ok=True)  # only what is there is shown
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (it stays open)
        self._made_from = _version()
        self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        module = ["-P", "-m", "helpers.instructor.fork_server"]
        program = [sys.executable, *module, str(theirs.fileno()), isolation.workshop()]
        with theirs:
            self._process = subprocess.Popen(
                isolation.fork_server_command(program, isolation.workshop()),
                env=isolation.environment(MPLBACKEND="module://matplotlib_inline.backend_inline"),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl+C is not for it
            )
        self.problem = ""
        self._is_warm = False
        self._lock = threading.Lock()

    @property
    def is_current(self) -> bool:
        """Whether it runs, and has imported the course's code as it stands on disk."""
        return self._process.poll() is None and self._made_from == _version()

    def start(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        folder: Path | None = None,
        log: BinaryIO | None = None,
        passed: Sequence[socket.socket] = (),
        readable: Iterable[Path] = (),
        writable: Iterable[Path] = (),
        environment: dict[str, str],
        limits: isolation.Limits,
    ) -> Process:
        """Fork a process that runs a module, as `python -m` would.

        Args:
            module: its name.
            arguments: its arguments.
            folder: where it works, and may write to; in its temporary folder if there is none.
            log: an open file for what it prints; without one, that is `log.txt` in `folder`.
            passed: sockets that it gets; their numbers are its last arguments.
            readable: other folders that it may read, all from `isolation.make_folder`.
            writable: other folders that it may write to, from there as well.
            environment: its environment variables.
            limits: what it may use.

        Raises:
            NotWarm: it could not be forked, or could not isolate itself.
        """
        writable = [*([folder] if folder else []), *writable]
        for path in writable:
            isolation.give_to_user(path)
        request = {
            "module": module,
            "arguments": [str(argument) for argument in arguments],
            "folder": str(folder or "/tmp"),
            "log": None if log else str(folder / "log.txt"),
            "folders": [str(isolation.CACHE)],
            "readable": [str(path) for path in (isolation.DATA, *_below_covers(), *readable)],
            "writable": [str(path) for path in writable],
            "environment": environment,
            "limits": isolation.limits_of(limits, isolated=True),
            "scratch": limits.scratch,
        }
        with self._lock:
            try:
                if not self._is_warm:
                    self._receive(START_TIMEOUT)
                    self._is_warm = True
                files = [each.fileno() for each in (*([log] if log else []), *passed)]
                socket.send_fds(self._connection, [json.dumps(request).encode()], files)
                return Process(self._receive(FORK_TIMEOUT))
            except OSError as error:
                self.problem = f"{error} {self._last_words()}".strip()
                raise NotWarm(self.problem) from error

    def close(self) -> None:
        """End the server, and with it all that it has forked."""
        self._process.kill()
        self._process.wait()
        self._connection.close()
        self._log.close()

    def _receive(self, timeout: float) -> int:
        """Wait for an answer, and return the number of the process that sent it, as seen here.

        Raises:
            OSError: there is none, or it tells a problem.
        """
        self._connection.settimeout(timeout)
        size = struct.calcsize("3i")
        answer, extra, *_ = self._connection.recvmsg(4096, socket.CMSG_SPACE(size))
        if answer not in (b"warm", b"ready"):
            raise OSError(answer.decode(errors="replace") or "The fork server has ended.")
        return struct.unpack("3i", extra[0][2])[0]

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-1000:].strip()


def start(
    module: str,
    arguments: Sequence[str],
    *,
    log: BinaryIO,
    passed: Sequence[socket.socket] = (),
    readable: Iterable[Path] = (),
    environment: dict[str, str],
    limits: isolation.Limits,
    is_warm: bool = True,
) -> Process | subprocess.Popen:
    """Start a process that runs a module, and can write nothing but its log and to what it gets.

    It is forked if possible, else it is a new Python. Arguments are those of `ForkServer.start`,
    and besides:

    Args:
        is_warm: False starts a new Python in any case.
    """
    if is_warm and not isolation.why_not():
        try:
            return server().start(
                module,
                arguments,
                log=log,
                passed=passed,
                readable=readable,
                environment=environment,
                limits=limits,
            )
        except NotWarm as error:
            logger.warning("A program starts cold, which takes seconds. %s", error)
    numbers = [each.fileno() for each in passed]
    program = [sys.executable, "-P", "-m", module, *arguments, *map(str, numbers)]
    return subprocess.Popen(
        isolation.command(program, limits=limits, readable=readable),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        pass_fds=numbers,
        start_new_session=True,
    )


def server() -> ForkServer:
    """Return the fork server of this process; a new one if the course's code has changed.

    Raises:
        NotWarm: programs cannot be isolated here, or cannot be forked.
    """
    if reason := isolation.why_not() or problem():
        raise NotWarm(reason)
    if not _server().is_current:
        _server().close()
        _server.cache_clear()
    return _server()


def problem() -> str:
    """Return why nothing could be forked; empty if it could, or nobody has tried yet."""
    return _server().problem if _server.cache_info().currsize else ""


@functools.cache
def _server() -> ForkServer:
    return ForkServer()


def _below_covers() -> list[Path]:
    """Return what all get to read, as far as it lies below a folder that each gets anew."""
    covers = (Path("/tmp"), isolation.workshop())
    shown = isolation.always_shown()
    return [path for path in shown if any(path.is_relative_to(cover) for cover in covers)]


def _version() -> int:
    """Return a number that changes with the course's code."""
    code = Path(__file__).parents[1].rglob("*.py")
    return hash(tuple(sorted((str(path), path.stat().st_mtime_ns) for path in code)))
