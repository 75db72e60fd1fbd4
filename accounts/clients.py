"""The two OpenID Connect clients, read from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from accounts.enums import ClientName

_OPERATOR_PREFIXES = ("/operator/", "/oidc/operator/", "/api/v1/operator/")


@dataclass(frozen=True)
class OIDCClient:
    """One client at the identity provider, with the lifetimes of the sessions it gives."""

    name: ClientName
    issuer: str
    client_id: str
    client_secret: str
    sign_out_url: str
    idle: timedelta
    absolute: timedelta

    @property
    def identity_issuer(self) -> str:
        """Return what, with `sub`, identifies a person: the provider's origin.

        authentik gives each application an issuer of its own, and with `sub_mode: user_uuid` the
        same subject in all of them, so both clients meet the same person. See docs/adr/0002.
        """
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}/"

    @property
    def redirect_uri(self) -> str:
        """Return the callback as registered; from the settings, never from the Host header."""
        return f"{settings.SITE_URL}{reverse('oidc:callback', kwargs={'client': self.name})}"

    @property
    def signed_out_uri(self) -> str:
        """Return where the provider sends the browser after it has ended its session."""
        return f"{settings.SITE_URL}{reverse('oidc:signed-out', kwargs={'client': self.name})}"

    @property
    def home(self) -> str:
        """Return the first page of the surface that this client opens."""
        return "/operator/" if self.name is ClientName.OPERATOR else "/"

    @property
    def cookie_name(self) -> str:
        """Return the session cookie's name; `__Host-` needs https."""
        return f"__Host-dezky-{self.name}" if settings.IS_HTTPS else f"dezky-{self.name}"


def get_client(name: str) -> OIDCClient:
    """Return the client called `name`.

    Raises:
        ValueError: there is no such client.
    """
    client = ClientName(name)
    return OIDCClient(name=client, **settings.OIDC_CLIENTS[client.value])


def all_clients() -> list[OIDCClient]:
    """Return both clients."""
    return [get_client(name) for name in ClientName]


def client_of_path(path: str, query_client: str | None = None) -> ClientName:
    """Return whose session a path reads: the operator's under its prefixes, else the portal's."""
    if path.startswith("/session/") and query_client == ClientName.OPERATOR:
        return ClientName.OPERATOR
    return ClientName.OPERATOR if path.startswith(_OPERATOR_PREFIXES) else ClientName.PORTAL
