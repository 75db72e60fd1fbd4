"""What can go wrong with billing, as programs are told."""

from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import ValidationError

from accounts.answers import AWAY
from accounts.api.exceptions import Problem
from billing.errors import BillingError, Declined, Gone, Moved, NotAllowed, Refused, StripeAway

_OURS = ("no_quote", "no_invoice")


def problem_of(error: BillingError, *, fields: Collection[str]) -> Exception:
    """Return an error as DRF tells it; `fields` are those that the request's body may name.

    Away is 503 with Retry-After, a decline 402, a field 400 with `errors`, and what stands against the state of
    things 409; each with the `code` that programs go by.
    """
    text = str(error)
    if isinstance(error, StripeAway):
        headers = {"Retry-After": str(error.retry_after_seconds), AWAY: "payments"}
        return Problem(503, text, more={"code": "payments_away"}, headers=headers)
    if isinstance(error, NotAllowed):
        return PermissionDenied(text)
    if isinstance(error, Gone) and error.code in _OURS:
        return Http404(text)
    if isinstance(error, Declined):
        return Problem(402, text, more={"code": error.code or "declined"})
    if isinstance(error, Refused) and error.field in fields:
        return ValidationError({error.field: [text]})
    code = "moved" if isinstance(error, Moved) else getattr(error, "code", "")
    return Problem(409, text, more={"code": code or "refused"})
