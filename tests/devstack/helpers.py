"""Small things that several tests of the stand-ins need."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from devstack.standin import StandInServer


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def free_block() -> int:
    """Return the first of five free ports in a row, below those that outgoing connections get."""
    for _ in range(200):
        start = random.randrange(20000, 30000, 10)
        try:
            sockets = [socket.create_server(("127.0.0.1", start + offset)) for offset in range(5)]
        except OSError:
            continue
        for each in sockets:
            each.close()
        return start
    message = "no five free ports in a row"
    raise RuntimeError(message)


@contextmanager
def serving(server: StandInServer) -> Iterator[str]:
    """Serve in a thread and give the address."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
