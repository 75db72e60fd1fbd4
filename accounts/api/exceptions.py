"""API errors that DRF has no class for."""

from __future__ import annotations

from typing import Any

from rest_framework import status
from rest_framework.exceptions import APIException

from accounts.authentik import ProviderUnavailable


class Problem(APIException):
    """An error with a status of its own; `more` are members of the problem, `headers` go with the answer."""

    def __init__(
        self,
        status_code: int,
        detail: str,
        *,
        more: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        title: str = "",
    ) -> None:
        """Carry what the answer says."""
        super().__init__(detail)
        self.status_code = status_code
        self.more, self.headers, self.title = more or {}, headers or {}, title


class IdentityUnavailable(APIException):
    """The identity provider can't confirm who this is: 503 with Retry-After."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The sign-in service can't be reached right now. Try again."
    default_code = "identity_unavailable"
    wait = ProviderUnavailable.retry_after_seconds
