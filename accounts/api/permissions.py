"""The guard of API views: the same decision as for pages, for the audience that the view names."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.api.authentication import OIDCSessionAuthentication
from accounts.api.exceptions import IdentityUnavailable
from accounts.clients import OIDCClient
from accounts.enums import Confirmation, Verdict
from accounts.guards import Caller, Rule, decide
from accounts.models import User


class AudiencePermission(BasePermission):
    """Decides by the view's `rule`; a view without one is refused."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return whether the request may go on.

        Raises:
            NotAuthenticated: nobody is signed in.
            PermissionDenied: somebody is, and it is not for them.
            IdentityUnavailable: somebody is, but it can't be confirmed.
        """
        rule: Rule | None = getattr(view, "rule", None)
        verdict = decide(rule, self.caller(request), is_safe=request.method in SAFE_METHODS)
        if verdict is Verdict.SIGN_IN:
            raise NotAuthenticated
        if verdict is Verdict.UNAVAILABLE:
            raise IdentityUnavailable
        if verdict is not Verdict.ALLOW:
            raise PermissionDenied  # by name: DRF makes a 401 of False where no authenticator knew the caller
        return True

    def caller(self, request: Request) -> Caller:
        """Return what is known of the caller; a bearer's identity needs no renewal."""
        user, client = request.user, request.auth
        if not isinstance(user, User) or not isinstance(client, OIDCClient):
            return Caller()
        # Not by a header: one of another scheme goes by the bearer and leaves the session to sign in.
        is_session = isinstance(request.successful_authenticator, OIDCSessionAuthentication)
        return Caller(
            is_signed_in=True,
            client=client.name,
            is_platform_admin=user.is_platform_admin,
            is_staff=user.is_staff,
            confirmation=request._request.confirmation if is_session else Confirmation.CONFIRMED,  # type: ignore[attr-defined]
        )
