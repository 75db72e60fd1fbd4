"""Where a sign-in may lead: a page of our own, by GET, that is not part of signing in or out (A11)."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.clients import OIDCClient, client_of_path

_NEVER = {"oidc", "session", "health", "api", "operator-exit"}
_MAX_CHARACTERS = 2000
SESSION_DONE = "/session/done/"


def safe_next(raw: str | None, client: OIDCClient) -> str:
    """Return `raw` if it is a page that `client` may lead to, else the client's first page."""
    return raw if raw and _is_safe(raw, client) else client.home


def _is_safe(raw: str, client: OIDCClient) -> bool:
    if len(raw) > _MAX_CHARACTERS or not raw.isascii() or not _is_plain(raw):
        return False
    if not url_has_allowed_host_and_scheme(raw, allowed_hosts=None):
        return False
    path = unquote(urlsplit(raw).path)
    if not _is_plain(path) or ".." in path.split("/"):
        return False
    return path == SESSION_DONE or (_is_page(path) and client_of_path(path) is client.name)


def _is_plain(path: str) -> bool:
    """Return whether a browser reads this as a path on our own host, and as nothing else."""
    return path.startswith("/") and not path.startswith("//") and path.isprintable() and "\\" not in path


def _is_page(path: str) -> bool:
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return not set(match.namespaces) & _NEVER
