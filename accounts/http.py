"""One HTTP call under one total deadline.

A timeout for each read is not enough: a provider that drips 40 bytes a second held a worker for 40 s.
Here every connect, read and write gets what is left of a single deadline (A8).
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import httpcore

DEADLINE_SECONDS = 5.0
MAX_BODY_BYTES = 262_144
_together_until: ContextVar[float] = ContextVar("together_until", default=math.inf)


class CallFailed(Exception):
    """The other side could not be reached, was too slow, or said too much."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, lower-cased headers, body; and each `Set-Cookie`, which may come several times."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, timeout: float | None = None) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left if timeout is None else min(left, timeout)


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _DeadlineStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _DeadlineBackend(httpcore.NetworkBackend):
    def __init__(self, deadline: _Deadline) -> None:
        self._backend = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        stream = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        return _DeadlineStream(stream, self._deadline)


@contextmanager
def together(seconds: float = DEADLINE_SECONDS) -> Iterator[None]:
    """Bound all calls inside to `seconds` in all, so that what needs several is no slower than one."""
    token = _together_until.set(min(_together_until.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _together_until.reset(token)


def seconds_left() -> float:
    """Return how long the calls of `together` may still take; without it, as long as one call."""
    return max(0.0, min(DEADLINE_SECONDS, _together_until.get() - time.monotonic()))


def call(
    method: str,
    url: str,
    *,
    headers: dict[str, str] | None = None,
    content: bytes = b"",
    deadline_seconds: float = DEADLINE_SECONDS,
    max_body_bytes: int = MAX_BODY_BYTES,
) -> Answer:
    """Return the answer to one request, within `deadline_seconds` in all; redirects are not followed.

    Raises:
        CallFailed: no connection, no answer in time, or a body over `max_body_bytes` (256 kB).
    """
    left = min(deadline_seconds, _together_until.get() - time.monotonic())
    if left <= 0:
        raise CallFailed(f"{method} was not tried: the deadline has passed")
    backend = _DeadlineBackend(_Deadline(left))
    sent = [("Accept", "application/json"), ("Connection", "close"), *(headers or {}).items()]
    try:
        with (
            httpcore.ConnectionPool(network_backend=backend, max_keepalive_connections=0) as pool,
            pool.stream(method, url, headers=sent, content=content) as response,
        ):
            body = _read_capped(response, max_body_bytes)
    except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError) as error:
        raise CallFailed(f"{method} failed: {type(error).__name__}") from error
    pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers]
    cookies = tuple(value for name, value in pairs if name == "set-cookie")
    return Answer(response.status, dict(pairs), body, cookies)


def _read_capped(response: httpcore.Response, limit: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > limit:
            raise CallFailed(f"the body is over {limit // 1024} kB")
    return bytes(body)
