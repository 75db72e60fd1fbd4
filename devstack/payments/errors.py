"""Stripe's errors: their shapes, types and codes (https://docs.stripe.com/api/errors)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any


class StripeError(Exception):
    """An answer in Stripe's error shape."""

    def __init__(
        self,
        message: str,
        *,
        status: int = HTTPStatus.BAD_REQUEST,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        """Describe the error; `kind` is what Stripe calls its type, `more` are further fields of its body."""
        super().__init__(message)
        self.status = int(status)
        self.headers = headers or {}
        self._fields = {"message": message, "type": kind, "code": code, "param": param, **(more or {})}

    @property
    def keeps_work(self) -> bool:
        """Return whether what was written stays: a declined card has been tried, and that is on record."""
        return self.status == HTTPStatus.PAYMENT_REQUIRED

    def body(self) -> dict[str, dict[str, Any]]:
        """Return the JSON body; fields without a value are left out, as Stripe does."""
        return {"error": {name: value for name, value in self._fields.items() if value is not None}}


def missing(param: str) -> StripeError:
    """Return the error for a required parameter that is not there."""
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown(param: str) -> StripeError:
    """Return the error for a parameter that this call does not take."""
    return StripeError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def invalid(param: str, message: str, code: str | None = None) -> StripeError:
    """Return the error for a parameter whose value is wrong."""
    return StripeError(message, code=code, param=param)


# Stripe's messages name two kinds otherwise than its objects do.
_SPOKEN = {"payment_method": "PaymentMethod", "setup_intent": "setupintent"}


def no_such(kind: str, identifier: str, param: str = "id") -> StripeError:
    """Return the error for an object that does not exist; a 404 if the address names it."""
    status = HTTPStatus.NOT_FOUND if param == "id" else HTTPStatus.BAD_REQUEST
    return StripeError(
        f"No such {_SPOKEN.get(kind, kind)}: '{identifier}'", status=status, code="resource_missing", param=param
    )


def no_such_route(method: str, path: str) -> StripeError:
    """Return the error for an address that the API, or this part of it, does not have."""
    return StripeError(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
        status=HTTPStatus.NOT_FOUND,
    )
