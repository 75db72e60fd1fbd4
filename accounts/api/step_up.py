"""Step-up for programs: what charges somebody asks for a sign-in of the last ten minutes (O6, RFC 9470).

A session's sign-in is the session's own. A bearer's is its token's `auth_time`, which a renewal does not move:
a token without one, or an older one, is told to bring another.
"""

from __future__ import annotations

from django.utils import timezone
from rest_framework.request import Request

from accounts import step_up
from accounts.api.authentication import bearer_claims
from accounts.api.exceptions import Problem
from accounts.freshness import authenticated_at


def demand_fresh_sign_in(request: Request) -> None:
    """Let a caller pass whose person signed in at the provider in the last ten minutes.

    Raises:
        Problem: 401 with the challenge.
    """
    claims = bearer_claims(request)
    if claims is None:
        if not step_up.is_fresh(request._request.oidc):  # type: ignore[attr-defined] # set by IdentityMiddleware
            raise _too_old(step_up.challenge_headers(request._request))
        return
    at = authenticated_at(claims)
    if at is None or timezone.now() - at > step_up.MAX_AGE:
        raise _too_old({"WWW-Authenticate": step_up.challenge_of("Bearer")})


def _too_old(headers: dict[str, str]) -> Problem:
    return Problem(401, step_up.TEXT, headers=headers, title="Confirm that it is you")
