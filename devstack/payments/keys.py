"""Who asks: the secret key for everything, the publishable key for what a browser may do."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from devstack.payments.errors import StripeError
from devstack.payments.routing import Route
from devstack.standin import Request

# What a page of another origin may send and read; Stripe.js asks from wherever the shop is.
CORS_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Stripe-Version",
    "Access-Control-Expose-Headers": "Request-Id, Idempotent-Replayed",
    "Access-Control-Max-Age": "300",
}


@dataclass(frozen=True)
class Keys:
    """The two keys of the account; without a publishable one only the secret key opens anything."""

    secret: str
    publishable: str = ""

    def is_public(self, request: Request, route: Route | None, params: dict[str, Any]) -> bool:
        """Return whether a call came with the publishable key.

        Args:
            request: its Authorization header is Bearer or Basic; Stripe.js may give `key` among the parameters.
            route: where the call goes, None if there is no such address.
            params: `key` is taken out of them.

        Raises:
            StripeError: there is no key, a wrong one, or one that may not do this.

        """
        given = _key_of(request.headers.get("authorization", "")) or str(params.pop("key", ""))
        params.pop("key", None)
        if not given:
            message = (
                "You did not provide an API key. You need to provide your API key in the Authorization header, using "
                "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
            )
            raise StripeError(message, status=HTTPStatus.UNAUTHORIZED)
        if _same(given, self.secret):
            return False
        if not self.publishable or not _same(given, self.publishable):
            shown = f"{given[:8]}{'*' * 8}{given[-4:]}" if len(given) > 16 else "*" * 8  # noqa: PLR2004
            raise StripeError(f"Invalid API Key provided: {shown}", status=HTTPStatus.UNAUTHORIZED)
        if route is None or not route.is_public:
            message = (
                "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a "
                "list of your API keys at https://dashboard.stripe.com/account/apikeys."
            )
            raise StripeError(message, status=HTTPStatus.FORBIDDEN, code="secret_key_required")
        return True


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _key_of(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
