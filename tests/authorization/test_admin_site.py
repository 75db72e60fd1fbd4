"""The support site: support staff may look at everything and change nothing, others see nothing (O4)."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.urls import reverse

from tenants.scope import operator_scope
from tests.authorization.personas import EVERYONE, NOT_IN_PORTAL, PERSONAS, UNCONFIRMED
from tests.authorization.probe import Matrix, Transport, urls
from tests.authorization.world import canary

_PREFIX = "admin:"
_NAMES = sorted({name for name, _ in urls() if name.startswith(_PREFIX) and "?" not in name})
# Django's own answer for what it does not know; it has no name, so its paths are asked.
_NAMELESS = ("/support/no-such-page/", "/support/accounts/user/", "/support/tenants/tenant/x/")

_FORM = {"post": "yes", "name": "taken", "role": "owner", "slug": "taken"}


def _path(name: str, matrix: Matrix) -> str:
    """Return a path of the site, with a row that is there where it wants one."""
    for model in admin.site._registry:
        prefix = f"{_PREFIX}{model._meta.app_label}_{model._meta.model_name}_"
        if name.startswith(prefix) and name.removeprefix(prefix) in ("change", "delete", "history"):
            with operator_scope():
                row: Any = model._default_manager.first()
            return reverse(name, args=[row.pk])
    return reverse(name, kwargs={"app_label": "tenants"} if name == "admin:app_list" else {})


def _paths(matrix: Matrix) -> list[str]:
    return [*(_path(name, matrix) for name in _NAMES), *_NAMELESS]


def _everything() -> list[list[Any]]:
    """Return every row that the site knows, but for when a session was last seen."""
    with operator_scope():
        found = [list(model._default_manager.order_by("pk").values()) for model in admin.site._registry]
    return [[{**row, "last_seen_at": None} for row in rows] for rows in found]


def _ask(matrix: Matrix, name: str, method: str, path: str, transport: Transport = Transport.PAGE, **sent: Any) -> Any:
    browser = matrix.browser(PERSONAS[name])
    with transaction.atomic():
        response = getattr(browser, method)(path, headers=transport.headers, **sent)
        transaction.set_rollback(True)
    return response


def test_only_our_own_models_are_in_the_site() -> None:
    """O4: other packages bring actions that write, and pages that show secrets."""
    assert {model._meta.app_label for model in admin.site._registry} == {"accounts", "tenants", "partner"}


def test_no_model_offers_an_action_but_djangos_own() -> None:
    """O4: deleting wants a right that nobody has; an action of another kind would want none."""
    assert [model for model, options in admin.site._registry.items() if list(options.actions or [])] == []
    assert [name for name, _ in admin.site.actions] == ["delete_selected"]


@pytest.mark.parametrize("name", _NAMES)
def test_support_sees_each_page_and_none_breaks(matrix: Matrix, name: str) -> None:
    """Z2: the row's persona that passes."""
    status = _ask(matrix, "support", "get", _path(name, matrix)).status_code
    is_write = name.endswith(("_add", "_delete"))
    due = 403 if is_write else 302 if name == "admin:index" and status == 302 else 200
    if name == "admin:autocomplete":
        due = 403  # wants the name of a field; without one it refuses
    assert status == due


def test_support_sees_the_data(matrix: Matrix) -> None:
    """Z2: else a site that shows nothing would look safe."""
    page = _ask(matrix, "support", "get", "/support/tenants/tenant/").content.decode()
    assert all(tenant.name in page for tenant in matrix.world.tenants.values())


@pytest.mark.parametrize("transport", [Transport.PAGE, Transport.HTMX])
def test_others_see_no_page_of_it(matrix: Matrix, transport: Transport) -> None:
    """Z2, Z4: anonymous signs in, whoever can't be confirmed waits, all others are refused."""
    signs_in = 302 if transport is Transport.PAGE else 401
    for name in sorted(EVERYONE - {"support"}):
        due = signs_in if name in NOT_IN_PORTAL else 503 if name in UNCONFIRMED else 403
        for path in _paths(matrix) if name in ("owner", "operator_on_portal") else ["/support/", _NAMELESS[0]]:
            response = _ask(matrix, name, "get", path, transport)
            assert (name, path, response.status_code) == (name, path, due)
            body = response.content.decode()
            assert {slug for slug in matrix.world.tenants if canary(slug) in body} <= PERSONAS[name].knows


def test_a_form_sent_by_support_is_refused(matrix: Matrix) -> None:
    """O4: adding, changing and deleting, of every model."""
    for name in _NAMES:
        if name.endswith(("_add", "_change", "_delete")):
            response = _ask(matrix, "support", "post", _path(name, matrix), data=_FORM)
            assert (name, response.status_code) == (name, 403)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_support_can_write_nothing_anywhere(matrix: Matrix, method: str) -> None:
    """O4: on every URL of the site, by any method."""
    for path in _paths(matrix):
        browser = matrix.browser(PERSONAS["support"])
        with transaction.atomic():
            before = _everything()
            assert getattr(browser, method)(path).status_code < 500
            assert _everything() == before
            transaction.set_rollback(True)


@pytest.mark.parametrize("action", ["delete_selected", "_resync_instances", "retry", "cancel", ""])
def test_support_can_start_no_action_on_a_list(matrix: Matrix, action: str) -> None:
    """O4."""
    for model in admin.site._registry:
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        with operator_scope():
            rows = sorted(model._default_manager.values_list("pk", flat=True))
        browser = matrix.browser(PERSONAS["support"])
        with transaction.atomic():
            data = {"action": action, "_selected_action": [str(pk) for pk in rows], "post": "yes"}
            response = browser.post(path, data)
            with operator_scope():
                assert sorted(model._default_manager.values_list("pk", flat=True)) == rows
            transaction.set_rollback(True)
        assert response.status_code in (200, 302, 403)


def test_no_page_of_a_session_shows_a_token(matrix: Matrix) -> None:
    """S9."""
    page = _ask(matrix, "support", "get", _path("admin:accounts_oidcsession_change", matrix)).content.decode()
    assert "Session" in page or "session" in page
    assert "canary-access-token" not in page
    assert "canary-refresh-token" not in page
