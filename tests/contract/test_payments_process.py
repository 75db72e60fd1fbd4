"""The stand-in as a process of its own: its clock ticks, its webhooks go out, and kill -9 loses none of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stripe

from tests.contract.identity_server import free_port
from tests.contract.payments_server import control, own_database

_ROOT = Path(__file__).resolve().parents[2]
_KEYS = {
    "STRIPE_SECRET_KEY": "sk_test_of_a_process",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_of_a_process",
    "STRIPE_WEBHOOK_SECRET": "whsec_new,whsec_old",
}


class _Site(ThreadingHTTPServer):
    """Takes webhooks, or refuses them while `status` says so."""

    daemon_threads = True

    def __init__(self) -> None:
        self.status = 500
        self.taken: list[tuple[bytes, str]] = []
        super().__init__(("127.0.0.1", 0), _Endpoint)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/stripe/webhook/"

    @property
    def types(self) -> list[str]:
        return sorted(json.loads(body)["type"] for body, _ in self.taken)


class _Endpoint(BaseHTTPRequestHandler):
    server: _Site

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200:
            self.server.taken.append((body, self.headers["Stripe-Signature"]))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def site() -> Iterator[_Site]:
    server = _Site()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def _running(port: int, database_url: str, webhook_url: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "devstack.payments", "--port", str(port)]
    command += ["--database-url", database_url, "--webhook-url", webhook_url]
    process = subprocess.Popen(command, cwd=_ROOT, env=os.environ | _KEYS, stdout=subprocess.DEVNULL)
    try:
        _wait(lambda: _is_healthy(port))
        yield process
    finally:
        process.kill()
        process.wait()


def _is_healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _wait(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_webhooks_survive_a_kill_and_the_clock_ticks(site: _Site) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    client = stripe.StripeClient(_KEYS["STRIPE_SECRET_KEY"], base_addresses={"api": url}).v1
    with own_database() as database_url:
        with _running(port, database_url, site.url) as process:
            control(url, action="webhooks", retry_seconds=0.2)
            client.customers.create({"tax_id_data": [{"type": "eu_vat", "value": "DE123456789"}]})
            process.kill()
        site.status = 200
        with _running(port, database_url, site.url) as process:
            _wait(lambda: len(site.taken) == 3, seconds=40)
            process.terminate()
            assert process.wait(10) == 0
    # The tax number was verified by the clock alone, two seconds later.
    assert site.types == ["customer.created", "customer.tax_id.created", "customer.tax_id.updated"]
    for body, signature in site.taken:
        assert signature.count("v1=") == 2
        for secret in ("whsec_new", "whsec_old"):
            stripe.Webhook.construct_event(body, signature, secret)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"STRIPE_WEBHOOK_SECRET": ""}, "needs STRIPE_WEBHOOK_SECRET"),
        ({"STRIPE_SECRET_KEY": "sk_live_real"}, "live Stripe key"),
    ],
)
def test_start_is_refused_without_what_it_needs(change: dict[str, str], words: str) -> None:
    command = [sys.executable, "-m", "devstack.payments", "--port", "1", "--database-url", "postgres://127.0.0.1:1/x"]
    done = subprocess.run(
        [*command, "--webhook-url", "http://127.0.0.1:9/"],
        cwd=_ROOT,
        env=os.environ | _KEYS | change,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stdout + done.stderr
