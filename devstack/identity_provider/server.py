"""Sockets: HTTP/1.1 with keep-alive, one thread for each connection, and the faults on the wire."""

from __future__ import annotations

import logging
import select
import socket
import socketserver
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast

from devstack.faults import Fault

from .provider import Provider
from .routes import Route, find_route
from .web import Request, Response, json_response

LOG = logging.getLogger(__name__)
BODY_LIMIT = 256 * 1024
IDLE_SECONDS = 60
STANDARD_HEADERS = {
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class IdentityServer(ThreadingHTTPServer):
    """Serves one provider."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, port: int, provider: Provider) -> None:
        """Bind; raises `OSError` if the port is taken."""
        self.provider = provider
        super().__init__((host, port), Handler)

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the stock class, which can hang where there is no DNS."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]

    def handle_error(self, _: object, client_address: object) -> None:
        """Report a defect; callers that go away are daily bread."""
        error = sys.exception()
        if not isinstance(error, OSError):
            LOG.error("connection of %s failed", client_address, exc_info=error)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets its route answer, and writes the answer as the faults allow."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS

    @property
    def provider(self) -> Provider:
        """Return the server's provider."""
        return cast("IdentityServer", self.server).provider

    def do_GET(self) -> None:
        """Answer any method."""
        request = self._read()
        if request is None:
            return
        route = find_route(self.provider, request)
        if route is None:
            self._write(Response(404, b"Not found\n", {"Content-Type": "text/plain"}))
        elif request.method not in route.methods:
            self._write(Response(405, b"", {"Allow": ", ".join(route.methods)}))
        elif route.endpoint is None:
            self._write(self._answer(route, request))
        else:
            self._answer_with_faults(route, request, route.endpoint)

    # The library calls a method by the name of the request's own.
    do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def _read(self) -> Request | None:
        try:
            length = int(self.headers.get("Content-Length", "0"))
        except ValueError:
            length = -1
        if "Transfer-Encoding" in self.headers or not 0 <= length <= BODY_LIMIT:
            self.close_connection = True
            self._write(json_response({"error": "invalid_request"}, 413))
            return None
        return Request(self.command, self.path, self.headers, self.rfile.read(length))

    def _answer(self, route: Route, request: Request) -> Response:
        try:
            return route.handler(self.provider, request)
        except Exception:
            # A defect of the stand-in: say so on the wire and in the log, and go on serving.
            LOG.exception("%s %s failed", request.method, request.path)
            return json_response({"error": "server_error"}, 500)

    def _answer_with_faults(self, route: Route, request: Request, endpoint: str) -> None:
        since = self.provider.faults.generation
        fault = self.provider.faults.take(endpoint)
        self.provider.counts.add(endpoint)
        if endpoint == "token":
            self.provider.counts.add(f"token:{request.form.get('grant_type', 'none')}")
        if fault is None:
            self._write(self._answer(route, request))
            return
        if fault.kind == "slow" and not fault.is_after:
            self.provider.faults.wait(fault.seconds, since)
            if self._caller_has_gone():
                self.close_connection = True
                return
        does_work = fault.is_after or fault.kind in ("slow", "drip")
        response = self._answer(route, request) if does_work else Response()
        self._fail(fault, response, since)

    def _fail(self, fault: Fault, response: Response, since: int) -> None:
        if fault.kind == "down":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif fault.kind == "status":
            kind = "application/json" if fault.body else "text/html; charset=utf-8"
            body = fault.body or "<h1>The server is in trouble</h1>\n"
            self._write(Response(fault.code, body.encode(), {"Content-Type": kind, "Retry-After": "1"}))
        elif fault.kind == "drip":
            self._write(response, lambda data: self._drip(data, fault.bytes_per_second, since))
        else:
            if fault.is_after:
                self.provider.faults.wait(fault.seconds, since)
            self._write(response)

    def _drip(self, data: bytes, bytes_per_second: float, since: int) -> None:
        """Send about ten times a second; the rest at once when the faults are changed."""
        size = max(1, round(bytes_per_second / 10))
        for start in range(0, len(data), size):
            self.wfile.write(data[start : start + size])
            if self.provider.faults.wait(size / bytes_per_second, since):
                self.wfile.write(data[start + size :])
                return

    def _caller_has_gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def _write(self, response: Response, send: Callable[[bytes], object] | None = None) -> None:
        phrase = HTTPStatus(response.status).phrase
        headers = STANDARD_HEADERS | response.headers
        headers |= {"Date": self.date_time_string(), "Content-Length": str(len(response.body))}
        if self.close_connection:
            headers["Connection"] = "close"
        lines = [
            f"HTTP/1.1 {response.status} {phrase}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        body = b"" if self.command == "HEAD" else response.body
        # Only the path: a query string can carry codes and hints.
        LOG.info("%s %s %d", self.command, self.path.partition("?")[0], response.status)
        (send or self.wfile.write)(head + body)

    def log_message(self, *_: object) -> None:
        """Stay silent: the stock line shows the query string."""
