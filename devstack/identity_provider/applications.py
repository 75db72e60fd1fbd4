"""The two applications that the provider knows, as authentik's blueprint configures them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SCOPES: tuple[str, ...] = ("openid", "profile", "email", "offline_access", "dezky:api")
CLI_REDIRECT_URI = "http://localhost/cli-callback"


@dataclass(frozen=True)
class Application:
    """One OpenID Connect client; its slug is its client_id."""

    slug: str
    name: str
    secret: str
    site_url: str
    path: str
    demands_second_factor: bool

    @property
    def redirect_uris(self) -> frozenset[str]:
        """Return the callback addresses, which are compared strictly unless somebody loosens them."""
        return frozenset({f"{self.site_url}/oidc/{self.path}/callback/", CLI_REDIRECT_URI})

    @property
    def signed_out_url(self) -> str:
        """Return where the sign-out flow ends: the one registered post-logout address."""
        return f"{self.site_url}/oidc/{self.path}/signed-out/"

    @property
    def backchannel_logout_url(self) -> str:
        """Return where logout tokens are sent."""
        return f"{self.site_url}/oidc/{self.path}/backchannel-logout/"

    def issuer(self, base_url: str) -> str:
        """Return the issuer under the host that was asked: authentik follows the Host header."""
        return f"{base_url}/application/o/{self.slug}/"


def read_applications(site_url: str, environ: Mapping[str, str]) -> dict[str, Application]:
    """Return the applications by slug; raises `LookupError` naming the secret that is missing."""
    secrets = {}
    for name in ("OIDC_CLIENT_SECRET", "OPERATOR_OIDC_CLIENT_SECRET"):
        if not environ.get(name):
            message = f"{name} is not set: the client would have no secret."
            raise LookupError(message)
        secrets[name] = environ[name]
    portal = Application(
        slug="dezky-portal",
        name="Dezky",
        secret=secrets["OIDC_CLIENT_SECRET"],
        site_url=site_url,
        path="portal",
        demands_second_factor=False,
    )
    operator = Application(
        slug="dezky-operator",
        name="Dezky Operator",
        secret=secrets["OPERATOR_OIDC_CLIENT_SECRET"],
        site_url=site_url,
        path="operator",
        demands_second_factor=True,
    )
    return {application.slug: application for application in (portal, operator)}
