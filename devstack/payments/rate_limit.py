"""So many calls a second and no more (https://docs.stripe.com/rate-limits)."""

from __future__ import annotations

import threading
import time
from collections import deque
from http import HTTPStatus
from typing import Any

from devstack.payments.errors import StripeError


class RateLimit:
    """Counts the calls of the last second, in real time; without a limit it lets everything through."""

    def __init__(self) -> None:
        """Begin without a limit."""
        self._lock = threading.Lock()
        self._per_second: float | None = None
        self._calls: deque[float] = deque()

    def order(self, order: dict[str, Any]) -> dict[str, Any]:
        """Carry out an order of /_control: `per_second` is a number, or null for no limit."""
        given = order.get("per_second")
        with self._lock:
            self._per_second = None if given is None else float(given)
            self._calls.clear()
        return {"per_second": self._per_second}

    def take(self) -> None:
        """Count a call.

        Raises:
            StripeError: there have been too many.

        """
        moment = time.monotonic()
        with self._lock:
            if self._per_second is None:
                return
            while self._calls and moment - self._calls[0] >= 1:
                self._calls.popleft()
            if len(self._calls) < self._per_second:
                self._calls.append(moment)
                return
        raise StripeError(
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
            status=HTTPStatus.TOO_MANY_REQUESTS,
            code="rate_limit",
            headers={"Stripe-Rate-Limited-Reason": "global-rate"},
        )
