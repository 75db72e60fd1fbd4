"""What the stand-ins share: a small HTTP server with /_health and /_control, and ways to misbehave on demand."""

from __future__ import annotations

import json
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from devstack.faults import Faults

MAX_BODY_BYTES = 5_000_000
_LOOPBACK_NAMES = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        """Return an answer of JSON."""
        body = json.dumps(content, ensure_ascii=False, indent=2).encode()
        return cls(status, body, {"Content-Type": "application/json", **(headers or {})})


@dataclass
class Behaviour:
    """How the stand-in answers: normally, not at all (`down`), late (`slow`), or with one status."""

    mode: str = "normal"
    seconds: float = 0.0
    status: int = 503


class StandInServer(ThreadingHTTPServer):
    """Serves one stand-in on 127.0.0.1."""

    daemon_threads = True
    # A restart after kill -9 must not wait for the old connections to time out.
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self,
        port: int,
        answer: Callable[[Request], Response],
        *,
        actions: Mapping[str, Callable[[dict[str, Any]], dict[str, Any] | None]] | None = None,
        modes: frozenset[str] = frozenset({"down", "slow", "status"}),
        faults: Faults | None = None,
        endpoint_of: Callable[[Request], str] = lambda request: request.path,
    ) -> None:
        """Bind the port.

        Args:
            port: on 127.0.0.1; 0 takes a free one.
            answer: answers what is neither /_health nor /_control.
            actions: what /_control can do beside the modes; what they return is part of its answer.
            modes: those of the stand-in as a whole.
            faults: those of single endpoints.
            endpoint_of: names the endpoint of a request, as the faults do.

        """
        self.faults = faults or Faults()
        self.endpoint_of = endpoint_of
        self.answer = answer
        self.behaviour = Behaviour()
        self.actions = dict(actions or {})
        self.modes = modes | {"normal"}
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away; show every other failure."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def control(self, order: dict[str, Any]) -> Response:
        """Carry out an order of /_control: `{"action": …}` with `seconds` for slow and `status` for status."""
        action = str(order.get("action", ""))
        known = sorted({*self.actions, *self.modes})
        if action not in known:
            return Response.json({"error": f"action must be one of {', '.join(known)}"}, 400)
        try:
            if action == "reset":
                self.behaviour = Behaviour()
            if action in self.modes:
                self.behaviour = Behaviour(action, float(order.get("seconds", 5)), int(order.get("status", 503)))
            more = self.actions[action](order) if action in self.actions else None
        except (TypeError, ValueError) as error:
            return Response.json({"error": str(error)}, 400)
        return Response.json({"ok": True, "mode": self.behaviour.mode, **(more or {})})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StandInServer
    timeout = 60
    _drip_rate: tuple[float, int] | None = None

    def do_GET(self) -> None:
        self._handle()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - named by http.server

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY_BYTES:
            self.close_connection = True
            self._send(Response.json({"error": "body too large"}, 413))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, parts.path, parts.query, headers, self.rfile.read(length))
        response = self._respond(request)
        if response is None:
            self.close_connection = True
        else:
            self._send(response)

    def _respond(self, request: Request) -> Response | None:
        if request.path == "/_health":
            return Response.json({"ok": True})
        if request.path == "/_control":
            return self._control(request)
        behaviour = self.server.behaviour
        if behaviour.mode == "down":
            return None
        if behaviour.mode == "slow":
            time.sleep(behaviour.seconds)
        if behaviour.mode == "status":
            return Response.json({"error": {"type": "api_error", "message": "As asked."}}, behaviour.status)
        return self._answer_with_faults(request)

    def _answer_with_faults(self, request: Request) -> Response | None:
        """Answer as the faults of single endpoints allow; None closes the connection."""
        faults = self.server.faults
        since = faults.generation
        fault = faults.take(self.server.endpoint_of(request))
        if fault is None:
            return self.server.answer(request)
        if fault.kind == "slow" and not fault.is_after:
            faults.wait(fault.seconds, since)
            if self._caller_has_gone():
                return None
        does_work = fault.is_after or fault.kind in {"slow", "drip"}
        response = self.server.answer(request) if does_work else Response()
        if fault.kind == "down":
            return None
        if fault.kind == "status":
            return Response.json({"error": {"type": "api_error", "message": "As asked."}}, fault.code)
        if fault.kind == "drip":
            self._drip_rate = (fault.bytes_per_second, since)
        elif fault.is_after:
            faults.wait(fault.seconds, since)
        return response

    def _caller_has_gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        try:
            return bool(readable) and not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    def _drip(self, body: bytes, bytes_per_second: float, since: int) -> None:
        """Send about ten times a second; the rest at once when the faults are changed."""
        size = max(1, round(bytes_per_second / 10))
        for start in range(0, len(body), size):
            self.wfile.write(body[start : start + size])
            if self.server.faults.wait(size / bytes_per_second, since):
                self.wfile.write(body[start + size :])
                return

    def _control(self, request: Request) -> Response:
        if request.method != "POST":
            return Response.json({"error": "POST only"}, 405, {"Allow": "POST"})
        origin = request.headers.get("origin")
        if origin is not None and urlsplit(origin).hostname not in _LOOPBACK_NAMES:
            return Response.json({"error": "Not from another site."}, 403)
        try:
            order = json.loads(request.body)
        except ValueError:
            order = None
        if not isinstance(order, dict):
            return Response.json({"error": "a JSON object is needed"}, 400)
        return self.server.control(order)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        rate, self._drip_rate = self._drip_rate, None
        if rate:
            self._drip(response.body, *rate)
        else:
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - named by http.server
        if self.path != "/_health":
            print(f"{self.command} {self.path} {args[1] if len(args) > 1 else ''}", flush=True)


def serve_until_told(server: StandInServer) -> None:
    """Serve until SIGTERM or SIGINT."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    stopping.wait()
    server.shutdown()
    server.server_close()
