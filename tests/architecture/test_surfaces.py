"""Every surface is guarded, and nothing goes round CSRF."""

from __future__ import annotations

import ast
from pathlib import Path

from django.core.checks import run_checks
from django.urls import URLPattern, URLResolver, get_resolver, path

from accounts.checks import every_namespace_is_guarded
from config.guards import RULES

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "tenants", "billing", "partner", "tenant_portal", "operator_portal", "config")
# Where a view may be asked without a CSRF token, with the reason.
EXEMPT_FROM_CSRF: dict[str, str] = {
    "accounts/views/back_channel.py": "the identity provider calls it, and its signed token is the proof",
    "billing/views/webhook.py": "Stripe calls it, and the signature over what it sends is the proof",
}


def _views(resolver: URLResolver | None = None) -> list[URLPattern]:
    found: list[URLPattern] = []
    for entry in (resolver or get_resolver()).url_patterns:
        found += _views(entry) if isinstance(entry, URLResolver) else [entry]
    return found


def test_every_namespace_has_a_guard_and_every_guard_a_namespace() -> None:
    """Z1."""
    namespaces = [entry.namespace for entry in get_resolver().url_patterns if isinstance(entry, URLResolver)]
    assert sorted(str(name) for name in namespaces) == sorted(RULES)
    assert [error for error in run_checks() if str(error.id).startswith("accounts.E")] == []


def test_the_check_sees_a_namespace_without_a_guard() -> None:
    """Z1: an URL outside every namespace, a namespace without a row, a row without a namespace."""
    resolver = get_resolver()
    patterns = resolver.url_patterns
    stray = path("stray/", lambda _request: None, name="stray")  # type: ignore[arg-type, return-value]
    forgotten = patterns.pop()
    patterns.append(stray)
    try:
        errors = every_namespace_is_guarded()
    finally:
        patterns.remove(stray)
        patterns.append(forgotten)
    assert [error.id for error in errors] == ["accounts.E001", "accounts.E003"]


def test_csrf_exempt_stands_nowhere_but_on_the_list() -> None:
    """H3: neither in our code nor on a view of anybody else that we serve."""
    named = {
        str(file.relative_to(ROOT))
        for app in APPS
        for file in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if (isinstance(node, ast.Name) and node.id == "csrf_exempt")
        or (isinstance(node, ast.Attribute) and node.attr == "csrf_exempt")
        or (isinstance(node, ast.alias) and node.name == "csrf_exempt")
    }
    assert named == set(EXEMPT_FROM_CSRF)


def test_only_views_of_the_api_leave_csrf_to_their_authentication() -> None:
    """H3: DRF marks its views exempt, and our session authentication asks for the token itself."""
    exempt = [view for view in _views() if getattr(view.callback, "csrf_exempt", False)]
    assert [view.name for view in exempt if not hasattr(view.callback, "cls")] == ["webhook", "back-channel"]
