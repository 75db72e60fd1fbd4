"""Starts the identity stand-in as the supervisor does, and a site that it can call back."""

from __future__ import annotations

import http.client
import os
import queue
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

from .identity_browser import MONITOR, SECRETS, IdentityProvider

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_identity_provider(
    port: int, site_url: str, data_dir: Path
) -> tuple[subprocess.Popen[bytes], IdentityProvider]:
    """Start the stand-in and wait until it answers; the log is `identity.log` in `data_dir`."""
    command = [sys.executable, "-m", "devstack.identity_provider", "--port", str(port)]
    command += ["--data-dir", str(data_dir), "--site-url", site_url]
    environ = os.environ | {
        "OIDC_CLIENT_SECRET": SECRETS["dezky-portal"],
        "OPERATOR_OIDC_CLIENT_SECRET": SECRETS["dezky-operator"],
        **MONITOR,
    }
    with (data_dir / "identity.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log)
    provider = IdentityProvider(port, site_url)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if provider.get("/_health").json == {"ok": True}:
                return process, provider
        except (OSError, http.client.HTTPException):
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise
            time.sleep(0.05)


def stop(process: subprocess.Popen[bytes]) -> int:
    """End a stand-in politely and return its exit code."""
    process.terminate()
    return process.wait(10)


@dataclass(frozen=True)
class Notice:
    """A back-channel logout as the site received it."""

    path: str
    content_type: str
    form: dict[str, str]


@dataclass
class Site:
    """A site that receives back-channel logouts and answers with `statuses` (then 200)."""

    notices: queue.Queue[Notice] = field(default_factory=queue.Queue)
    statuses: list[int] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Return its base address."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> ThreadingHTTPServer:
        """Listen in a thread."""
        site = self

        class Receiver(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                site.notices.put(Notice(self.path, self.headers["Content-Type"], dict(parse_qsl(body))))
                self.send_response(site.statuses.pop(0) if site.statuses else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server

    def next_notices(self, count: int) -> list[Notice]:
        """Wait for exactly `count` notices, ordered by path."""
        notices = [self.notices.get(timeout=10) for _ in range(count)]
        return sorted(notices, key=lambda notice: notice.path)
