"""Callers that the self-tests make up: their rows are real, and rolled back with everything that follows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.urls import resolve
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.clients import OIDCClient
from accounts.enums import ClientName, Confirmation
from accounts.models import OIDCSession, User


@dataclass(frozen=True)
class Invented:
    """One made-up caller; `may_enter` is what a layer that is in place says of them."""

    words: str
    session: OIDCSession
    may_enter: bool

    @property
    def client(self) -> OIDCClient:
        """Return the client that the session belongs to."""
        return self.session.oidc_client


@contextmanager
def invented_callers() -> Iterator[list[Invented]]:
    """Give an operator, and everybody who resembles one; nothing of them is left afterwards."""
    with transaction.atomic():
        yield [
            Invented("an operator", _session(is_admin=True), may_enter=True),
            Invented("somebody who is no platform admin", _session(is_admin=False), may_enter=False),
            Invented(
                "an operator in the portal's session", _session(ClientName.PORTAL, is_admin=True), may_enter=False
            ),
        ]
        transaction.set_rollback(True)


def demoted(caller: Invented) -> Invented:
    """Return the operator, whom the database calls none any more while the session in memory still does."""
    User.objects.filter(pk=caller.session.user_id).update(is_platform_admin=False)
    return Invented("an operator who was made none a moment ago", caller.session, may_enter=False)


def request_of(caller: Invented, path: str, method: str = "GET") -> HttpRequest:
    """Return a request as the middleware before the guards would hand it on."""
    request = HttpRequest()
    request.method = method
    request.path = request.path_info = path
    request.META = {"REQUEST_METHOD": method, "SERVER_NAME": "localhost", "SERVER_PORT": "80"}
    request.resolver_match = resolve(path)
    request.user = AnonymousUser()  # so that a refusal of somebody made up is not told to the audit
    request.oidc = caller.session  # type: ignore[attr-defined] # as IdentityMiddleware does
    request.oidc_client = caller.client  # type: ignore[attr-defined]
    request.confirmation = Confirmation.CONFIRMED  # type: ignore[attr-defined]
    return request


def api_request_of(caller: Invented, path: str) -> Request:
    """Return the same for an API view: authenticated."""
    return Request(request_of(caller, path), authenticators=[_Known(caller)])


class _Known(BaseAuthentication):
    """Authenticates everybody as the made-up caller."""

    def __init__(self, caller: Invented) -> None:
        self._caller = caller

    def authenticate(self, request: Request) -> tuple[User, OIDCClient]:  # noqa: ARG002 - DRF's signature
        """Return the caller."""
        return self._caller.session.user, self._caller.client


def _session(client: ClientName = ClientName.OPERATOR, *, is_admin: bool) -> OIDCSession:
    user = User.objects.create(issuer="https://self-test.invalid/", sub=str(uuid4()), is_platform_admin=is_admin)
    expires = timezone.now() + timedelta(hours=1)
    return OIDCSession.objects.create(user=user, client=client, access_expires_at=expires)
