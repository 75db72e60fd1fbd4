"""From HTTP to a call and back: keys, versions, idempotency, and the log of what went wrong."""

from __future__ import annotations

import secrets
import sys
import traceback
from http import HTTPStatus
from typing import Any

from psycopg.errors import DeadlockDetected, LockNotAvailable

from devstack.payments import API_VERSION, fields, forms, idempotency, webhooks
from devstack.payments.errors import StripeError, no_such_route
from devstack.payments.expanding import expand
from devstack.payments.idempotency import Answer
from devstack.payments.keys import CORS_HEADERS, Keys
from devstack.payments.rate_limit import RateLimit
from devstack.payments.routes import ROUTES
from devstack.payments.routing import Call, Route, find
from devstack.payments.seed import seed
from devstack.payments.store import Shelf, Store
from devstack.payments.webhooks import Seeded
from devstack.standin import Request, Response


class Api:
    """Answers Stripe's requests out of a store."""

    def __init__(
        self, store: Store, *, secret_key: str, publishable_key: str = "", webhook: Seeded | None = None
    ) -> None:
        """Make sure that the demo's plans and the endpoint of its webhooks are there."""
        self.rate_limit = RateLimit()
        self._store = store
        self._keys = Keys(secret_key, publishable_key)
        self._webhook = webhook
        with store.transaction() as shelf:
            self._seed(shelf)

    def answer(self, request: Request) -> Response:
        """Return what Stripe would."""
        if request.method == "OPTIONS":
            return Response(204, b"", CORS_HEADERS)
        headers = {"Request-Id": f"req_{secrets.token_hex(7)}", "Stripe-Version": API_VERSION}
        found = find(ROUTES, request.method, request.path)
        if found is None or found[0].is_public:
            headers |= CORS_HEADERS
        try:
            status, body, more = self._handle(request, found, headers["Request-Id"])
        except StripeError as error:
            status, body, more = error.status, error.body(), error.headers
        except Exception:  # noqa: BLE001 - Stripe answers every failure of its own in its shape
            status, body, more = *_failure(), {}
        if isinstance(body, Response):
            return body
        if status >= 500:  # noqa: PLR2004 - its answer would only be repeated
            headers["Stripe-Should-Retry"] = "false"
        return Response.json(body, status, {**headers, **more})

    def endpoint_of(self, request: Request) -> str:
        """Return the name of the route that a request goes to, as faults name it."""
        found = find(ROUTES, request.method, request.path)
        return found[0].name if found else f"{request.method} {request.path}"

    def reset(self) -> None:
        """Forget everything but the demo's plans and the endpoint of its webhooks."""
        with self._store.transaction() as shelf:
            shelf.clear()
            self._seed(shelf)

    def _seed(self, shelf: Shelf) -> None:
        seed(shelf)
        if self._webhook:
            webhooks.seed(shelf, self._webhook)

    def _handle(
        self, request: Request, found: tuple[Route, tuple[str, ...]] | None, request_id: str
    ) -> tuple[int, dict[str, Any] | Response, dict[str, str]]:
        encoded = request.query if request.method in {"GET", "DELETE"} else request.body.decode(errors="replace")
        params = forms.decode(encoded)
        is_open = found is not None and found[0].is_open
        is_public = not is_open and self._keys.is_public(request, found[0] if found else None, params)
        if found is None:
            raise no_such_route(request.method, request.path)
        if not is_open:
            self.rate_limit.take()
            _demand_version(request)
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        with self._store.transaction() as shelf:
            shelf.request = {"id": request_id, "idempotency_key": key or None}
            call = Call(
                shelf=shelf,
                method=request.method,
                path=request.path,
                ids=found[1],
                params=params,
                now=shelf.now,
                is_public=is_public,
                base_url=shelf.base_url,
                publishable_key=self._keys.publishable,
                headers=dict(request.headers),
            )
            if is_open:
                return 200, found[0].handler(call), {}
            return _work(call, found[0], key)


def _work(call: Call, route: Route, key: str) -> Answer:
    if key:
        asked = [call.method, call.path, call.params]
        return idempotency.once(call.shelf, key, asked, lambda: _attempt(call, route))
    return *_attempt(call, route), {}


def _attempt(call: Call, route: Route) -> tuple[int, dict[str, Any]]:
    """Carry out a call; a declined card keeps what was written, any other failure undoes it.

    Raises:
        StripeError: the call was refused before anything was done.
    """
    try:
        with call.shelf.savepoint():
            try:
                return 200, _carry_out(call, route)
            except StripeError as error:
                if not error.keeps_work:
                    raise
                return error.status, error.body()
    except (DeadlockDetected, LockNotAvailable) as error:
        raise _locked() from error
    except StripeError as error:
        if error.status < 500:  # noqa: PLR2004 - the bound between the caller's faults and the server's
            raise
        return error.status, error.body()
    except Exception:  # noqa: BLE001 - kept and answered in Stripe's shape
        return _failure()


def _carry_out(call: Call, route: Route) -> dict[str, Any]:
    names = fields.strings(call.params.pop("expand", []), "expand")
    content = route.handler(call)
    if isinstance(content, Response):
        message = f"{route.name} answers with a page and is not open"
        raise TypeError(message)
    return expand(call.shelf, content, names)


def _demand_version(request: Request) -> None:
    version = request.headers.get("stripe-version", API_VERSION)
    if version != API_VERSION:
        raise StripeError(f"Invalid Stripe API version: {version}; this stand-in speaks {API_VERSION} alone.")


def _locked() -> StripeError:
    """Return the error for an object that two calls want at the same time (https://docs.stripe.com/rate-limits)."""
    return StripeError(
        "This object cannot be accessed right now because another API request or Stripe process is currently "
        "accessing it. If you see this error intermittently, retry the request.",
        status=HTTPStatus.TOO_MANY_REQUESTS,
        code="lock_timeout",
        headers={"Stripe-Should-Retry": "true"},
    )


def _failure() -> tuple[int, dict[str, Any]]:
    traceback.print_exc(file=sys.stderr)
    failure = StripeError("The stand-in failed; its log has the reason.", status=500, kind="api_error")
    return failure.status, failure.body()
