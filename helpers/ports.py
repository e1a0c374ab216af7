"""Ports of this machine: which are free to listen on."""

import socket


def is_busy(port: int) -> bool:
    """Tell whether another program listens on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def why_not(port: int | None) -> str | None:
    """Return why nothing can listen on a port that a user chose, and what to do; None if it can.

    Args:
        port: of the option `--port`; None if it was left out.
    """
    if port is None:
        return None
    if not 0 < port < 65536:
        return f"There is no port {port}: choose one from 1 to 65535, or leave --port out."
    if is_busy(port):
        return (
            f"Port {port} is busy: another program listens on it, perhaps one of the course's that "
            "still runs. Stop that one, choose another port, or leave --port out to get a free one."
        )
    return None
