"""How calls to Stripe travel: under one deadline, in a few lanes, tried again where that is safe.

stripe-python's own clients wait up to 80 s for each read. Its errors become ours here: they are away, or they
said no. Whatever is sent again carries the same idempotency key, so nothing is done twice (P1).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import stripe
from django.conf import settings
from stripe import StripeClient

from accounts import http
from accounts.lanes import Lanes, NoLaneFree
from billing.errors import Declined, Gone, Refused, StripeAway

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 8.0
CALL_SECONDS = 5.0
MAX_BODY_BYTES = 4_194_304
_PAUSES_SECONDS = (0.2, 0.6)

lanes = Lanes(lambda: int(settings.STRIPE_LANES))

type Object = dict[str, Any]


class DeadlineClient(stripe.HTTPClient):
    """stripe-python's transport over our own call, which has one deadline for everything."""

    name = "dezky"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Return body, status and headers.

        Raises:
            APIConnectionError: no answer, or not in time.
        """
        content = post_data.encode() if isinstance(post_data, str) else post_data or b""
        try:
            answer = http.call(
                method.upper(),
                url,
                headers=dict(headers or {}),
                content=content,
                deadline_seconds=CALL_SECONDS,
                max_body_bytes=MAX_BODY_BYTES,
            )
        except http.CallFailed as error:
            raise stripe.APIConnectionError(str(error)) from error  # type: ignore[no-untyped-call]
        return answer.body.decode("utf-8", "replace"), answer.status, answer.headers

    def close(self) -> None:
        """Hold no connection that would have to be closed."""


def client() -> StripeClient:
    """Return a client for the configured account, API version and address."""
    return StripeClient(
        settings.STRIPE_SECRET_KEY,
        stripe_version=settings.STRIPE_API_VERSION,
        base_addresses={"api": settings.STRIPE_API_BASE},
        http_client=DeadlineClient(),
        max_network_retries=0,
    )


def ask(call: Callable[[StripeClient], Any]) -> Object:
    """Return what Stripe answers, as plain JSON; tried again after an outage while the deadline allows.

    Raises:
        StripeAway: no answer, a 5xx or 429, or a key that Stripe doesn't take.
        Declined, Gone, Refused: an answer, and it is no.
    """
    try:
        with lanes.one(), http.together(DEADLINE_SECONDS):
            return _persistently(call)
    except NoLaneFree as error:
        raise StripeAway from error


def _persistently(call: Callable[[StripeClient], Any]) -> Object:
    stripe_client = client()
    for pause in (*_PAUSES_SECONDS, None):
        try:
            return plain(call(stripe_client))
        except stripe.StripeError as error:
            if pause is None or not _is_passing(error) or http.seconds_left() <= pause:
                raise translate(error) from error
            time.sleep(pause)
    raise AssertionError("unreachable")


def _is_passing(error: stripe.StripeError) -> bool:
    """Return whether the same call may be answered in a moment."""
    if isinstance(error, stripe.APIConnectionError):
        return True
    return error.http_status in (409, 429) or (error.http_status or 0) >= 500  # noqa: PLR2004 - HTTP


def translate(error: stripe.StripeError) -> Exception:
    """Return Stripe's error as ours."""
    message, code = error.user_message or "", error.code or ""
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        logger.error("Stripe refuses our key: %s", type(error).__name__)
        return StripeAway("The payment service isn't set up right. Nothing was changed; your operator has to look.")
    if isinstance(error, stripe.CardError):
        return Declined(message or "The card was declined.", code=_decline_code(error))
    status = error.http_status or 0
    if isinstance(error, stripe.APIConnectionError) or status in (0, 409, 429) or status >= 500:  # noqa: PLR2004 - HTTP
        logger.warning("Stripe is away: %s %s", type(error).__name__, status or "")
        return StripeAway(retry_after_seconds=5 if status == 429 else 10)  # noqa: PLR2004 - HTTP
    param = getattr(error, "param", None) or ""
    if code == "resource_missing":
        return Gone(message, code=code, field=param)
    return Refused(message or "The payment service refused this.", code=code, field=param)


def _decline_code(error: stripe.CardError) -> str:
    body = error.json_body if isinstance(error.json_body, dict) else {}
    return str((body.get("error") or {}).get("decline_code") or error.code or "")


def is_replayed_failure(error: BaseException) -> bool:
    """Return whether Stripe repeated a failure of its own that it keeps under the key: the key is spent."""
    cause = error.__cause__
    if not isinstance(cause, stripe.StripeError):
        return False
    replayed = {name.lower(): value for name, value in (cause.headers or {}).items()}.get("idempotent-replayed")
    return (cause.http_status or 0) >= 500 and replayed == "true"  # noqa: PLR2004 - HTTP


def plain(answer: Any) -> Object:
    """Return stripe-python's object as the JSON that it was made of."""
    read: Object = json.loads(str(answer))
    return read
