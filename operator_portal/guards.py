"""The third layer: the operator's own guard, which every page and API view asks by itself (O1).

It trusts neither the identity provider's policy nor the middleware: it wants a living session of the
operator's client, and a platform admin by the database's word in this very request.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from accounts import sessions
from accounts.enums import ClientName
from accounts.guards import Caller
from accounts.models import OIDCSession, User

NOT_AUTHORISED = "/operator/not-authorised/"


def is_operator(request: HttpRequest) -> bool:
    """Return whether the request's session is the operator client's and its person a platform admin."""
    oidc = getattr(request, "oidc", None)
    return (
        isinstance(oidc, OIDCSession)
        and oidc.client == ClientName.OPERATOR
        and OIDCSession.objects.alive().filter(pk=oidc.pk, client=ClientName.OPERATOR).exists()
        and is_platform_admin(oidc.user_id)
    )


def is_platform_admin(user_id: UUID) -> bool:
    """Return whether the database says, now, that this person is an active platform admin."""
    return User.objects.filter(pk=user_id, is_active=True, is_platform_admin=True).exists()


def portal_only_caller(request: HttpRequest) -> Caller | None:
    """Return the caller that the portal alone knows in this browser, if that person is no operator.

    Such a person gets a definite no. None stands for nobody, or for an operator yet to sign in here.
    """
    portal = sessions.other_session(request, ClientName.PORTAL)
    if portal is None or portal.user.is_platform_admin:
        return None
    return Caller(is_signed_in=True, client=ClientName.PORTAL)
