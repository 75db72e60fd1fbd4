"""One call, one deadline (A8)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from accounts import http


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Serve one connection with `answer`, and give the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                try:
                    answer(connection)
                except OSError:
                    return  # the caller has left, as it should

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{port}/"


def drip(connection: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Padding: " + b"x" * 4000:
        connection.sendall(bytes([byte]))
        time.sleep(0.025)


def test_a8_a_drip_of_40_bytes_a_second_ends_at_the_deadline() -> None:
    with serving(drip) as url:
        started = time.monotonic()
        with pytest.raises(http.CallFailed):
            http.call("GET", url, deadline_seconds=0.5)
        assert time.monotonic() - started < 1.0


def test_a8_a_body_over_the_cap_is_refused() -> None:
    size = http.MAX_BODY_BYTES + 1

    def answer(connection: socket.socket) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode() + b"x" * size)

    with serving(answer) as url, pytest.raises(http.CallFailed, match="256 kB"):
        http.call("GET", url)


def test_a8_a_redirect_is_an_answer_and_not_followed() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    with serving(answer) as url:
        assert http.call("GET", url).status == 302


@pytest.mark.parametrize(
    "answer", [lambda c: None, lambda c: c.sendall(b"nonsense\r\n\r\n")], ids=["closed", "garbage"]
)
def test_what_is_no_http_is_a_failed_call(answer: Callable[[socket.socket], None]) -> None:
    with serving(answer) as url, pytest.raises(http.CallFailed):
        http.call("GET", url)


def test_a_port_that_nobody_listens_on_is_a_failed_call() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(http.CallFailed):
        http.call("GET", f"http://127.0.0.1:{port}/")
