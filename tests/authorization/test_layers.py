"""Each layer holds alone: with the middleware out the view's own guard refuses, and the other way round (O1)."""

from __future__ import annotations

from typing import Any

import pytest

from operator_portal.guards import NOT_AUTHORISED
from tests.authorization.personas import EVERYONE, PERSONAS
from tests.authorization.probe import Matrix, Transport, path_of

_OPERATOR_PAGES = ["operator:overview", "operator:tenants"]
_OPERATORS = {"operator", "operator_stale", "grace", "lapsed"}
_API_OPERATORS = _OPERATORS | {"bearer_operator"}


def _get(matrix: Matrix, name: str, url: str, **args: Any) -> Any:
    return matrix.browser(PERSONAS[name]).get(path_of(url, args), headers=Transport.PAGE.headers)


def _leave_out(monkeypatch: pytest.MonkeyPatch, middleware: str) -> None:
    monkeypatch.setattr(f"{middleware}.process_view", lambda *_args, **_kwargs: None)


@pytest.mark.parametrize("url", _OPERATOR_PAGES)
def test_without_the_middleware_the_mixin_keeps_operator_pages(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """O1."""
    _leave_out(monkeypatch, "operator_portal.middleware.OperatorGuardMiddleware")
    for name in sorted(EVERYONE):
        response = _get(matrix, name, url)
        if name in _OPERATORS:
            assert (name, response.status_code) == (name, 200)
            continue
        assert (name, response.status_code, response.headers["Location"]) == (name, 302, NOT_AUTHORISED)
        assert response.content == b""


@pytest.mark.parametrize("url", _OPERATOR_PAGES)
def test_without_the_mixins_question_the_middleware_keeps_operator_pages(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """O1."""
    monkeypatch.setattr("operator_portal.mixins.is_operator", lambda _request: True)
    for name in sorted(EVERYONE - {"operator", "operator_stale", "grace"}):
        response = _get(matrix, name, url)
        assert (name, response.status_code) == (name, 503 if name == "lapsed" else 302)
        assert "canary" not in response.content.decode()
    assert _get(matrix, "operator", url).status_code == 200


@pytest.mark.parametrize("layer", ["OperatorAudiencePermission", "OperatorPermission"])
def test_each_permission_of_the_operator_api_refuses_alone(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, layer: str
) -> None:
    """O1: the API stands on two permissions; whichever is left out, the other one keeps it."""
    monkeypatch.setattr(f"operator_portal.api.views.{layer}.has_permission", lambda *_args: True)
    for name in sorted(EVERYONE - _API_OPERATORS):
        response = _get(matrix, name, "api:operator-tenants")
        assert (name, response.status_code in (401, 403)) == (name, True)
        assert "canary" not in response.content.decode()
    assert _get(matrix, "bearer_operator", "api:operator-tenants").status_code == 200


def test_without_any_layer_the_operator_pages_would_show_the_data(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the tests above can fail."""
    _leave_out(monkeypatch, "operator_portal.middleware.OperatorGuardMiddleware")
    monkeypatch.setattr("operator_portal.mixins.is_operator", lambda _request: True)
    assert "canary-acme-" in _get(matrix, "demoted", "operator:tenants").content.decode()


@pytest.mark.parametrize("url", ["partner:customers", "partner:customer"])
def test_without_the_middleware_the_mixin_keeps_partner_pages(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Z2."""
    _leave_out(monkeypatch, "partner.middleware.PartnerGuardMiddleware")
    args = {"slug": "acme"} if url == "partner:customer" else {}
    for name in sorted(EVERYONE - {"delegate", "assigned", "agent", "consultant", "rival", "grace", "lapsed"}):
        response = _get(matrix, name, url, **args)
        assert (name, response.status_code) == (name, 403)
        assert "canary" not in response.content.decode().replace("canary-acme-works", "").replace(
            "canary-globex-works", ""
        )
    assert _get(matrix, "delegate", url, **args).status_code == 200


@pytest.mark.parametrize("url", ["dashboard:overview", "tenants:people", "tenants:audit"])
def test_without_the_middleware_the_mixin_keeps_workspace_pages(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Z2."""
    _leave_out(monkeypatch, "tenants.middleware.TenantGuardMiddleware")
    may_enter = {"admin", "owner", "owner_stale", "delegate", "assigned", "consultant", "grace", "lapsed"}
    for name in sorted(EVERYONE - may_enter):
        response = _get(matrix, name, url, slug="acme")
        assert (name, response.status_code) == (name, 403 if name == "member" else 404)
        assert "canary-acme-" not in response.content.decode()
    assert _get(matrix, "owner", url, slug="acme").status_code == 200


@pytest.mark.parametrize("url", ["admin:index", "admin:tenants_tenant_changelist", "admin:accounts_user_changelist"])
def test_without_the_middleware_the_site_keeps_support_pages(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """O4."""
    _leave_out(monkeypatch, "accounts.middleware.guard.GuardMiddleware")
    for name in sorted(EVERYONE - {"support", "grace", "lapsed"}):
        assert (name, _get(matrix, name, url).status_code) == (name, 403)
    assert _get(matrix, "support", url).status_code == 200


@pytest.mark.parametrize("url", ["admin:index", "admin:tenants_tenant_changelist", "admin:accounts_user_changelist"])
def test_without_the_sites_question_the_middleware_keeps_support_pages(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """O4."""
    monkeypatch.setattr("config.support.SupportSite.has_permission", lambda *_args: True)
    for name in sorted(EVERYONE - {"support"}):
        assert (name, _get(matrix, name, url).status_code in (302, 403, 503)) == (name, True)
    assert _get(matrix, "support", url).status_code == 200


def test_a_namespace_without_a_row_is_refused(matrix: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deny by default: even to whoever may do most, and where anybody may go."""
    monkeypatch.setattr("accounts.guards.table", dict)
    for url, args, name in (
        ("health:live", {}, "anonymous"),
        ("launcher:home", {}, "owner"),
        ("tenants:people", {"slug": "acme"}, "owner"),
        ("operator:overview", {}, "operator"),
        ("admin:index", {}, "support"),
    ):
        if name != "anonymous":
            assert (url, _get(matrix, name, url, **args).status_code) == (url, 403)
