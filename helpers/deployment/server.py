"""`course serve`: listen for requests, and answer them with an artifact until Ctrl+C."""

import asyncio
import copy
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from rich.console import Console
from uvicorn.config import LOGGING_CONFIG
from uvicorn.protocols.http.h11_impl import H11Protocol

from helpers import ports
from helpers.deployment.artifact import Artifact, ArtifactError, open_artifact
from helpers.deployment.service import Limits, build_app
from helpers.quiet import without_harmless_lines

LOOPBACK = "127.0.0.1"
USUAL_PORT = 8000
LONGEST_HEADERS = 16_384  # bytes
GRACE_SECONDS = 5  # for answers under way, once the service was told to end


class PunctualProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, and a clock for each exchange of request and answer.

    uvicorn (0.54) waits for headers without a limit, so a few clients that send a byte now and then
    could keep all others out. A connection whose exchange is not over in time is cut.
    """

    def __init__(self, *arguments: Any, seconds: float, **options: Any):
        super().__init__(*arguments, **options)
        self._seconds = seconds
        self._clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Start the clock."""
        super().connection_made(transport)
        self._restart_clock()

    def on_response_complete(self) -> None:
        """Start the clock for the next exchange."""
        self._restart_clock()
        super().on_response_complete()

    def connection_lost(self, error: Exception | None) -> None:
        """Stop the clock."""
        self._clock.cancel()
        super().connection_lost(error)

    def _restart_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._clock = self.loop.call_later(self._seconds, self.transport.abort)


def run(
    folder: str | Path,
    host: str = LOOPBACK,
    port: int | None = None,
    limits: Limits | None = None,
) -> int:
    """Answer with an artifact until Ctrl+C.

    Args:
        folder: of the artifact.
        host: address to listen on; only programs on this computer reach the loopback address.
        port: to listen on; 8000 if not given, or a free one if that is busy.
        limits: what one client may cost; the usual ones if not given.

    Returns:
        The exit status: 0 after Ctrl+C, 1 when something is wrong, which is then printed.
    """
    try:
        if reason := ports.why_not(port):
            raise OSError(reason)
        artifact = open_artifact(folder)
        with _listen(host, port) as listener:
            return _serve(artifact, listener, limits or Limits())
    except (ArtifactError, OSError) as error:
        print(f"{error}\nNothing is served.", file=sys.stderr)
        return 1


def _listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens; programs that ask early wait until the model is loaded."""
    if port is None:
        port = 0 if ports.is_busy(USUAL_PORT) else USUAL_PORT
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise OSError(
            f"Port {port} of {host} cannot be listened on: {error.strerror}. Choose another one "
            "with --port, or another address with --host."
        ) from error
    # An answer goes out as soon as it is written. asyncio sees to that only for sockets of its own
    # making; without it each answer waits 40 ms for the client's acknowledgement of its headers.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _serve(artifact: Artifact, listener: socket.socket, limits: Limits) -> int:
    """Load the model, and run the service until it is told to end."""
    for name in ("SIGTERM", "SIGHUP"):  # whoever stops a service ends it as Ctrl+C does
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        with Console().status(f"Loading {artifact.title}"), without_harmless_lines():
            app = build_app(artifact, limits)
        _introduce(artifact, *listener.getsockname()[:2])
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=partial(PunctualProtocol, seconds=limits.exchange_seconds),
                ws="none",
                lifespan="off",
                log_config=_logging(),
                limit_concurrency=limits.connections,
                h11_max_incomplete_event_size=LONGEST_HEADERS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        server.run([listener])
    except KeyboardInterrupt:
        pass
    print("The service has ended.")
    return 0


def _introduce(artifact: Artifact, host: str, port: int) -> None:
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    print(f"{artifact}")
    print(f"It answers at {address} until Ctrl+C. Try it in a browser: {address}/docs")
    if host not in (LOOPBACK, "::1"):
        print(
            "Anybody who reaches this computer over the network can use it: there is no password, "
            "and nothing is encrypted."
        )
    sys.stdout.flush()


def _logging() -> dict[str, Any]:
    """Return uvicorn's settings for logging: requests on stdout, and on stderr what is wrong."""
    settings = copy.deepcopy(LOGGING_CONFIG)
    settings["loggers"]["uvicorn.error"]["level"] = "WARNING"
    return settings
