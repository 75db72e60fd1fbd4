"""Signing in as a browser does: through the product and the identity stand-in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from tests.contract.identity_browser import Browser, IdentityProvider


def begin(site: Client, client: str = "portal", **query: str) -> str:
    """Start a sign-in, and return the address at the provider."""
    answer = site.get(f"/oidc/{client}/login/", query)
    assert answer.status_code == 302, answer.content[:500]
    return str(answer["Location"])


def at_provider(provider: IdentityProvider, authorize_url: str, email: str) -> str:
    """Sign in at the provider, and return the address of the callback with its code."""
    browser = Browser(provider)
    answer = browser.get(_target(authorize_url))
    return _target(browser.choose(answer.location, email).location)


def sign_in(site: Client, provider: IdentityProvider, email: str, client: str = "portal", **query: str) -> Any:
    """Sign in all the way, and return the callback's answer."""
    return site.get(at_provider(provider, begin(site, client, **query), email))


def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
