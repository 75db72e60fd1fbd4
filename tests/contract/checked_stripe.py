"""The payments stand-in in the process of a test, with every call checked against Stripe's own description."""

from __future__ import annotations

import json
import secrets
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from devstack.payments import forms
from devstack.payments.deliveries import Send, send_over_http
from devstack.payments.errors import StripeError
from devstack.payments.service import Service
from devstack.payments.store import Store
from devstack.payments.webhooks import Seeded
from devstack.standin import Request, Response
from tests.contract import description
from tests.devstack.helpers import serving

_NO_WEBHOOK_URL = "http://127.0.0.1:9/stripe/webhook/"


class CheckedStripe:
    """A running stand-in: steer it, deliver its webhooks by hand, and see what broke Stripe's description."""

    def __init__(self, service: Service, *, secret_key: str, publishable_key: str, webhook_secret: str) -> None:
        """Wrap a service; `serve_stripe` makes it."""
        self.service = service
        self.base_url = ""
        self.secret_key = secret_key
        self.publishable_key = publishable_key
        self.webhook_secret = webhook_secret
        self.deliveries = service.deliveries
        self.clock = service.clock
        self.requests: list[str] = []
        self._violations: list[str] = []
        self._lock = threading.Lock()

    def control(self, **order: Any) -> dict[str, Any]:
        """Steer it by /_control and return what it says."""
        request = urllib.request.Request(f"{self.base_url}/_control", json.dumps(order).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            said: dict[str, Any] = json.load(answer)
            return said

    def reset(self) -> None:
        """Begin again: well-behaved, on the real time, with the demo's plans alone and no calls on record."""
        self.control(action="reset")
        self.requests.clear()
        self._violations.clear()

    def violations(self) -> list[str]:
        """Return what did not fit the description so far."""
        with self._lock:
            return list(self._violations)

    def check(self) -> None:
        """Fail if anything did not fit the description, and forget it."""
        found = self.violations()
        self._violations.clear()
        assert not found, "Calls do not fit Stripe's description:\n" + "\n".join(found[:20])

    def answer(self, request: Request) -> Response:
        """Let the API answer, and check the request and what it was answered."""
        response = self.service.api.answer(request)
        if not request.path.startswith("/v1/") or request.method == "OPTIONS":
            return response
        found = self._problems(request, response)
        with self._lock:
            self.requests.append(f"{request.method} {request.path}")
            self._violations += [f"{request.method} {request.path} {response.status}: {each}" for each in found]
        return response

    def send_checked(self, send: Send) -> Send:
        """Return a way to send webhooks that checks each event on its way."""

        def checked(url: str, headers: dict[str, str], body: bytes) -> int:
            event = json.loads(body)
            found = description.response_problems("GET /v1/events/{}", event)
            with self._lock:
                self._violations += [f"webhook {event['type']}: {each}" for each in found]
            return send(url, headers, body)

        return checked

    def _problems(self, request: Request, response: Response) -> list[str]:
        content = json.loads(response.body)
        if response.status >= 400:
            # What is refused may be wrong in any way; how it is refused may not.
            return description.object_problems("error", content)
        route = description.route_of(request.method, request.path)
        if route is None:
            return ["Stripe's description, as we have it, knows no such route"]
        encoded = request.query if request.method in {"GET", "DELETE"} else request.body.decode()
        try:
            params = forms.decode(encoded)
        except StripeError as error:
            return [str(error)]
        key = str(params.pop("key", "") or request.headers.get("authorization", ""))
        if self.publishable_key in key:
            # What Stripe.js sends of a card is between the two of them, and in no description.
            params.pop("payment_method_data", None)
        found = description.request_problems(route, params)
        return [*found, *description.response_problems(route, content)]


@contextmanager
def serve_stripe(
    database_url: str, *, webhook_url: str = _NO_WEBHOOK_URL, send: Send = send_over_http
) -> Iterator[CheckedStripe]:
    """Serve a stand-in over a database, on a free port of this machine.

    Nothing happens by itself: webhooks wait for `deliveries.run_once()`, and the clock asks what is due when it is
    moved or by `clock.catch_up()`. At the end anything that did not fit Stripe's description is a failure.

    Args:
        database_url: the stand-in keeps a schema of its own in it.
        webhook_url: where events go.
        send: posts a webhook; Django's test client can stand in for the network.

    """
    secret_key, publishable_key = (f"{kind}_test_{secrets.token_hex(16)}" for kind in ("sk", "pk"))
    webhook_secret = f"whsec_{secrets.token_hex(24)}"
    store = Store(database_url)
    try:
        seeded = Seeded(webhook_url, (webhook_secret,))
        service = Service(store, secret_key=secret_key, publishable_key=publishable_key, webhook=seeded)
        checked = CheckedStripe(
            service, secret_key=secret_key, publishable_key=publishable_key, webhook_secret=webhook_secret
        )
        service.deliveries.send = checked.send_checked(send)
        with serving(service.server(0, checked.answer)) as url:
            checked.base_url = url
            yield checked
        checked.check()
    finally:
        store.close()
