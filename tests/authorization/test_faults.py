"""A guard that breaks opens nothing: whatever it raises, no content comes of it (Z3)."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from django.db import OperationalError

from tests.authorization.personas import PERSONAS
from tests.authorization.probe import Matrix, Transport, path_of

_FAULTS = [OperationalError, TimeoutError, ValueError]
_ACME = {"slug": "acme"}

# What guards, and the pages that stand behind it: (URL name, its arguments, a persona that passes).
_PAGES: dict[str, list[tuple[str, dict[str, Any], str]]] = {
    "tenant": [
        ("dashboard:overview", _ACME, "owner"),
        ("tenants:people", _ACME, "delegate"),
        ("tenants:audit", _ACME, "admin"),
    ],
    "tenant-api": [
        ("api:tenant", _ACME, "owner"),
        ("api:users", _ACME, "delegate"),
        ("api:audit", _ACME, "admin"),
        ("api:invoices", _ACME, "delegate"),
        ("api:billing-info", _ACME, "admin"),
    ],
    "tenant-bearer": [("api:users", _ACME, "bearer"), ("api:audit", _ACME, "bearer_partner")],
    "partner": [("partner:customers", {}, "delegate"), ("partner:customer", _ACME, "assigned")],
    "partner-api": [("api:partner-customers", {}, "delegate"), ("api:partner-customers", {}, "bearer_partner")],
    "operator": [("operator:tenants", {}, "operator")],
    "operator-api": [("api:operator-tenants", {}, "operator"), ("api:operator-tenants", {}, "bearer_operator")],
    "support": [
        ("admin:tenants_tenant_changelist", {}, "support"),
        ("admin:tenants_membership_changelist", {}, "support"),
    ],
    "own": [("launcher:home", {}, "owner"), ("accounts:profile", {}, "owner")],
    "own-api": [("api:tenants", {}, "owner"), ("api:me", {}, "owner")],
}
_ALL_PAGES = ["tenant", "partner", "operator", "support", "own"]
_ALL_API = ["tenant-api", "partner-api", "operator-api", "own-api"]

_GUARDS: dict[str, list[str]] = {
    "accounts.middleware.identity.sessions.session_of": [*_ALL_PAGES, "tenant-api", "own-api"],
    "accounts.middleware.identity.tokens.renew_if_due": [*_ALL_PAGES, "tenant-api", "own-api"],
    "accounts.middleware.identity.IdentityMiddleware.__call__": [*_ALL_PAGES, *_ALL_API],
    "accounts.models.OIDCSession.is_alive": [*_ALL_PAGES, "tenant-api", "own-api"],
    "accounts.middleware.guard.rule_for": _ALL_PAGES,
    "accounts.middleware.guard.decide": _ALL_PAGES,
    "accounts.middleware.guard.GuardMiddleware.process_view": ["own", "support"],
    "accounts.middleware.guard.caller_of": ["tenant", "partner", "own", "support"],
    "tenants.middleware.TenantGuardMiddleware.process_view": ["tenant"],
    "partner.middleware.PartnerGuardMiddleware.process_view": ["partner"],
    "partner.middleware.PartnerGuardMiddleware.caller": ["partner"],
    "operator_portal.middleware.OperatorGuardMiddleware.process_view": ["operator"],
    "operator_portal.middleware.OperatorGuardMiddleware.caller": ["operator"],
    "tenants.mixins.TenantAccessRequiredMixin.dispatch": ["tenant"],
    "tenants.mixins.access_to": ["tenant", "tenant-api", "tenant-bearer"],
    "tenants.access.Access.may": ["tenant", "tenant-api", "tenant-bearer"],
    "tenants.api.views.enter": ["tenant-api", "tenant-bearer"],
    "partner.selectors.staff_of": ["partner", "partner-api"],
    "partner.mixins.PartnerStaffRequiredMixin.dispatch": ["partner"],
    "operator_portal.mixins.is_operator": ["operator"],
    "operator_portal.guards.is_platform_admin": ["operator"],
    "operator_portal.api.views.is_platform_admin": ["operator-api"],
    "operator_portal.api.views.OperatorPermission.has_permission": ["operator-api"],
    "operator_portal.api.views.OperatorAudiencePermission.caller": ["operator-api"],
    "accounts.api.permissions.AudiencePermission.has_permission": [*_ALL_API, "tenant-bearer"],
    "accounts.api.permissions.decide": [*_ALL_API, "tenant-bearer"],
    "accounts.api.authentication.OIDCSessionAuthentication.authenticate": ["tenant-api", "own-api"],
    "accounts.api.authentication.BearerAuthentication.authenticate": [*_ALL_API, "tenant-bearer"],
    "accounts.api.authentication.verify_access_token": ["tenant-bearer"],
    "config.support.SupportSite.has_permission": ["support"],
    "tenants.scope._set": [*_ALL_PAGES, *_ALL_API, "tenant-bearer"],
}


def _raise(error: type[Exception]) -> Any:
    def fail(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise error("a fault of the test")

    return fail


@pytest.mark.parametrize("error", _FAULTS)
@pytest.mark.parametrize("guard", _GUARDS)
def test_a_guard_that_raises_shows_nothing(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, guard: str, error: type[Exception]
) -> None:
    """Z3: an error page or a refusal, and none of the data that stands behind the guard."""
    asked = [(*page, surface) for surface in _GUARDS[guard] for page in _PAGES[surface]]
    if not guard.startswith(("accounts.api.authentication.Bearer", "accounts.api.authentication.verify")):
        is_of_sessions = "session" in guard.lower() or "identity" in guard.lower() or guard.endswith("is_alive")
        asked = [page for page in asked if not (is_of_sessions and page[2].startswith("bearer"))]
    monkeypatch.setattr(guard, _raise(error))
    for url, args, name, _surface in asked:
        response = matrix.browser(PERSONAS[name]).get(path_of(url, args), headers=Transport.PAGE.headers)
        assert (url, name, response.status_code >= 400) == (url, name, True)
        assert "canary" not in response.content.decode() + str(response.headers)


@pytest.mark.parametrize("surface", _PAGES)
def test_without_the_fault_the_same_pages_show_the_data(matrix: Matrix, surface: str) -> None:
    """Z3: so the test above can fail."""
    for url, args, name in _PAGES[surface]:
        response = matrix.browser(PERSONAS[name]).get(path_of(url, args), headers=Transport.PAGE.headers)
        assert (url, name, response.status_code) == (url, name, 200)
        assert ("canary" in response.content.decode()) == (url != "api:me")
