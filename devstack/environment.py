"""The environment of the product, made from a data directory and a port; what the caller has set wins."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from devstack import data_dir as data
from devstack.errors import CannotRunError

DEFAULT_PORT = 8000
IDENTITY, PAYMENTS, MAILBOX = "identity", "payments", "mailbox"
_CLIENTS = {"OIDC": "portal", "OPERATOR_OIDC": "operator"}
_GENERATED: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "TOKEN_ENCRYPTION_KEYS": lambda: Fernet.generate_key().decode(),
    "OIDC_CLIENT_SECRET": lambda: secrets.token_urlsafe(40),
    "OPERATOR_OIDC_CLIENT_SECRET": lambda: secrets.token_urlsafe(40),
    "AUTHENTIK_API_TOKEN": lambda: secrets.token_urlsafe(40),
    "AUTHENTIK_PROBE_OPERATOR_PASSWORD": lambda: secrets.token_urlsafe(40),
    "AUTHENTIK_PROBE_OUTSIDER_PASSWORD": lambda: secrets.token_urlsafe(40),
    "STRIPE_SECRET_KEY": lambda: f"sk_test_dezky{secrets.token_hex(16)}",
    "STRIPE_PUBLISHABLE_KEY": lambda: f"pk_test_dezky{secrets.token_hex(16)}",
    "STRIPE_WEBHOOK_SECRET": lambda: f"whsec_{secrets.token_hex(24)}",
}
# The accounts that the gate watch signs in as at the stand-in.
_PROBES = {
    "AUTHENTIK_PROBE_OPERATOR": "probe-operator@dezky.test",
    "AUTHENTIK_PROBE_OUTSIDER": "probe-outsider@dezky.test",
}
PRODUCT_VARIABLES = frozenset(
    {
        "SITE_URL",
        "ALLOWED_HOSTS",
        "ENVIRONMENT_NAME",
        "LOG_LEVEL",
        "IDENTITY_LANES",
        "TRUSTED_PROXIES",
        "STATIC_ROOT",
        "DATABASE_URL",
        "DATABASE_OWNER_URL",
        "STRIPE_API_BASE",
        "STRIPE_JS_URL",
        "STRIPE_ELEMENT",
        "STRIPE_CURRENCY",
        "STRIPE_LANES",
        "EMAIL_URL",
        "EMAIL_FROM",
        "AUTHENTIK_API_URL",
        "AUTHENTIK_PROBE_FLOW",
        *_PROBES,
        *_GENERATED,
        *(f"{prefix}_{name}" for prefix in _CLIENTS for name in ("ISSUER", "CLIENT_ID", "SIGN_OUT_URL")),
    }
)


@dataclass(frozen=True)
class Ports:
    """The ports of one running Dezky, counted from the web's."""

    web: int = DEFAULT_PORT

    @property
    def identity(self) -> int:
        """Return the port of the identity stand-in."""
        return self.web + 1

    @property
    def payments(self) -> int:
        """Return the port of the payments stand-in."""
        return self.web + 2

    @property
    def mailbox(self) -> int:
        """Return the port of the mailbox page."""
        return self.web + 3

    @property
    def smtp(self) -> int:
        """Return the port where the mailbox takes mail."""
        return self.web + 4

    def of(self, standins: frozenset[str]) -> dict[int, str]:
        """Return the ports that web and these stand-ins need, with who needs each."""
        wanted = {self.web: "web"}
        if IDENTITY in standins:
            wanted[self.identity] = "identity"
        if PAYMENTS in standins:
            wanted[self.payments] = "payments"
        if MAILBOX in standins:
            wanted[self.mailbox] = "mailbox"
            wanted[self.smtp] = "mail (SMTP)"
        return wanted


def standins_needed(given: Mapping[str, str]) -> frozenset[str]:
    """Return the stand-ins for the services that the caller's environment does not name.

    Raises:
        CannotRunError: a stand-in would run beside a live Stripe key or a public address.
    """
    needed = set()
    if not (given.get("OIDC_ISSUER") and given.get("OPERATOR_OIDC_ISSUER")):
        needed.add(IDENTITY)
    if not given.get("STRIPE_SECRET_KEY"):
        needed.add(PAYMENTS)
    if not given.get("EMAIL_URL"):
        needed.add(MAILBOX)
    for name in sorted(needed):
        refuse_real_world(name, given)
    return frozenset(needed)


def refuse_real_world(standin: str, environment: Mapping[str, str]) -> None:
    """Refuse to run a stand-in, which lets everybody in, where real people or real money could meet it.

    Raises:
        CannotRunError: a Stripe key is live, or SITE_URL is not an address of this machine.
    """
    for name, value in environment.items():
        if name.startswith("STRIPE_") and value.startswith(("sk_live_", "rk_live_", "pk_live_")):
            message = f"the stand-in for {standin} does not run beside a live Stripe key ({name}): give a test key."
            raise CannotRunError(message)
    site_url = environment.get("SITE_URL", "")
    if site_url and not _is_this_machine(urlsplit(site_url).hostname or ""):
        message = (
            f"the stand-in for {standin} does not run on a public address (SITE_URL is {site_url}): name the real "
            "service in the environment, .env.example lists how."
        )
        raise CannotRunError(message)


def build(
    directory: Path, ports: Ports, *, given: Mapping[str, str], database_urls: Mapping[str, str]
) -> dict[str, str]:
    """Return every variable of the product: `given` first, then the data directory's secrets and the stand-ins.

    Args:
        directory: the data directory; secrets are made there once and kept, readable by this user alone.
        ports: where the stand-ins listen.
        given: the caller's environment; its non-empty variables win.
        database_urls: `DATABASE_URL` and `DATABASE_OWNER_URL` of the embedded PostgreSQL, or nothing.

    """
    site_url = given.get("SITE_URL") or f"http://127.0.0.1:{ports.web}"
    identity_url = f"http://127.0.0.1:{ports.identity}"
    product = {
        "SITE_URL": site_url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "ENVIRONMENT_NAME": "demo",
        "STATIC_ROOT": str(directory / "static"),
        "STRIPE_API_BASE": f"http://127.0.0.1:{ports.payments}",
        "STRIPE_JS_URL": f"http://127.0.0.1:{ports.payments}/dahlia/stripe.js",
        "EMAIL_URL": f"smtp://127.0.0.1:{ports.smtp}",
        "EMAIL_FROM": "Dezky <hello@dezky.test>",
        **database_urls,
        **_secrets(directory),
    }
    for prefix, client in _CLIENTS.items():
        product[f"{prefix}_ISSUER"] = f"{identity_url}/application/o/dezky-{client}/"
        product[f"{prefix}_CLIENT_ID"] = f"dezky-{client}"
        # Beside a real provider the stand-in's flow would end nobody's session.
        is_real = bool(given.get(f"{prefix}_ISSUER"))
        product[f"{prefix}_SIGN_OUT_URL"] = "" if is_real else f"{identity_url}/if/flow/dezky-{client}-sign-out/"
    product |= _PROBES
    if given.get("OPERATOR_OIDC_ISSUER"):
        # A real provider knows none of these: without its own the gate watch says that it isn't configured.
        product |= dict.fromkeys((*_PROBES, *(name for name in _GENERATED if name.startswith("AUTHENTIK_"))), "")
    if given.get("STRIPE_SECRET_KEY") and not given.get("STRIPE_API_BASE"):
        product["STRIPE_API_BASE"] = "https://api.stripe.com"
        product["STRIPE_JS_URL"] = "https://js.stripe.com/dahlia/stripe.js"
    for name in PRODUCT_VARIABLES:
        if given.get(name):
            product[name] = given[name]
    return product


def _secrets(directory: Path) -> dict[str, str]:
    path = directory / "secrets.json"
    kept = data.read(path)
    missing = {name: make() for name, make in _GENERATED.items() if not kept.get(name)}
    if missing:
        kept = {**kept, **missing}
        data.write_private(path, kept)
    return {name: str(kept[name]) for name in _GENERATED}


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".test")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
