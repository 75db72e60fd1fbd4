"""Every view that writes applies a request with a key once, or is on the list with its reason."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.api.once import OnceAPIView
from accounts.mixins import OnceMixin
from operator_portal.mixins import OperatorRequiredMixin
from partner.mixins import PartnerStaffRequiredMixin
from tenants.mixins import TenantAccessRequiredMixin

_ONCE = (OnceMixin, OnceAPIView, TenantAccessRequiredMixin, OperatorRequiredMixin, PartnerStaffRequiredMixin)
_UNSAFE = ("post", "put", "patch", "delete")
NOT_ONCE: dict[str, str] = {
    "oidc:logout": "who signs out twice is signed out",
    "oidc:back-channel": "the logout token's own jti is good once",
    "stripe:webhook": "an event is kept once by its own id",
    "session:refresh": "one renewal at a time is what the session's row lock is for",
    "accounts:sign-out-everywhere": "it ends the session that a repeated request would need",
    "operator-exit:not-authorised": "it only signs out",
}


def _views(resolver: URLResolver | None = None, namespace: str = "") -> list[tuple[str, type[Any]]]:
    """Return our own views by the names of their URLs; Django's admin writes nothing."""
    found: list[tuple[str, type[Any]]] = []
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            found += [] if entry.namespace == "admin" else _views(entry, entry.namespace or namespace)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", None)
            found += [(f"{namespace}:{entry.name}", view)] if view else []
    return found


def _writes(view: type[Any]) -> bool:
    return any(hasattr(view, method) for method in _UNSAFE if method in view.http_method_names)


def test_every_view_that_writes_applies_a_key_once() -> None:
    writing = {name: view for name, view in _views() if _writes(view)}
    assert {name for name, view in writing.items() if not issubclass(view, _ONCE)} == set(NOT_ONCE)
    assert {"tenants:person-role", "operator:person-sign-out", "accounts:session-end"} <= set(writing)
