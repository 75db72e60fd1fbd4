"""Ports of this machine: which are taken, and by whom."""

from __future__ import annotations

import socket

import psutil

from devstack.errors import CannotRunError

_HIGHEST = 65535


def is_free(port: int) -> bool:
    """Tell whether a server could listen on the port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_free() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refuse_taken(wanted: dict[int, str]) -> None:
    """Demand that all these ports are free.

    Raises:
        CannotRunError: names the first that is not, for what it is needed and, if it may be known, who has it.
    """
    for port, purpose in wanted.items():
        if not 0 < port <= _HIGHEST:
            message = f"port {port} for {purpose} does not exist: choose a lower --port."
            raise CannotRunError(message)
        if not is_free(port):
            holder = _holder(port)
            message = f"port {port} for {purpose} is taken{holder}: free it, or choose other ports with --port."
            raise CannotRunError(message)


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("tcp"):
            is_it = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
            if is_it and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except (psutil.Error, OSError):
        return ""
    return ""
