"""System checks: a URL namespace without a guard, and clients that can't meet the same person."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.clients import all_clients
from accounts.guards import table


@register(Tags.security)
def every_namespace_is_guarded(**_kwargs: Any) -> list[CheckMessage]:
    """Report URLs outside a namespace, namespaces without a row, and rows without a namespace."""
    found: set[str] = set()
    errors: list[CheckMessage] = []
    for entry in get_resolver().url_patterns:
        name = getattr(entry, "namespace", None)
        if name:
            found.add(name)
        elif isinstance(entry, URLPattern | URLResolver):
            errors.append(Error(f"{entry.pattern} is in no namespace: its guard is unknown", id="accounts.E001"))
    errors += [Error(f"namespace {n!r} has no guard", id="accounts.E002") for n in sorted(found - set(table()))]
    errors += [Error(f"guard {n!r} has no namespace", id="accounts.E003") for n in sorted(set(table()) - found)]
    return errors


@register(Tags.security)
def clients_share_a_provider(**_kwargs: Any) -> list[CheckMessage]:
    """Report two clients at different providers: one person would have two accounts."""
    origins = {client.identity_issuer for client in all_clients()}
    if len(origins) > 1:
        return [Error("OIDC_ISSUER and OPERATOR_OIDC_ISSUER are at different providers", id="accounts.E004")]
    return []
