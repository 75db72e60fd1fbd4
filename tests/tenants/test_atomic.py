"""A view that breaks after its first write has written nothing (16.5.3)."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
from django.db import OperationalError
from django.urls import reverse

from tenants.models import AuditEvent, Membership, Tenant
from tenants.scope import operator_scope
from tests.factories import MembershipFactory, TenantFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
WAYS = [{}, {"HX-Request": "true"}]


@pytest.fixture
def member() -> Membership:
    """Return a member of a workspace that has an admin too."""
    made: Membership = MembershipFactory(tenant=TenantFactory(seats_used=2))
    return made


def _state(tenant: Tenant) -> tuple[Any, ...]:
    with operator_scope():
        return (
            sorted(Membership.objects.filter(tenant=tenant).values_list("pk", "role")),
            Tenant.objects.get(pk=tenant.pk).seats_used,
            list(AuditEvent.objects.values_list("pk", flat=True)),
        )


@pytest.mark.parametrize("headers", WAYS, ids=["page", "htmx"])
@pytest.mark.parametrize(("error", "status"), [(ValueError, 500), (OperationalError, 503), (TimeoutError, 500)])
@pytest.mark.parametrize("name", ["person-role", "person-remove"])
def test_an_error_after_the_service_takes_its_write_back(
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    member: Membership,
    name: str,
    error: type[Exception],
    status: int,
    headers: dict[str, str],
) -> None:
    written: list[Any] = []

    def fail(_view: Any, *_args: Any) -> NoReturn:
        written.append(_state(member.tenant))
        raise error("after the write")

    admin = MembershipFactory(tenant=member.tenant, role="admin")
    browser = sign_in(admin.user)
    url = reverse(f"tenants:{name}", kwargs={"slug": member.tenant.slug, "membership_id": member.pk})
    before = _state(member.tenant)
    monkeypatch.setattr("tenants.views.people.PersonDialogView.done", fail)
    response = browser.post(url, {"role": "admin"}, headers=headers)
    assert response.status_code == status
    assert [state != before for state in written] == [True]
    assert _state(member.tenant) == before
    monkeypatch.undo()
    assert browser.post(url, {"role": "admin"}, headers=headers).status_code == (204 if headers else 302)
    assert _state(member.tenant) != before


def test_an_error_while_a_page_is_drawn_writes_nothing(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, member: Membership
) -> None:
    """The answer is drawn inside the view's transaction, so a broken template rolls back too."""
    admin = MembershipFactory(tenant=member.tenant, role="admin")
    browser = sign_in(admin.user)
    url = reverse("tenants:people", kwargs={"slug": member.tenant.slug})
    before = _state(member.tenant)

    def write_then_hand_over(_view: Any, **_kwargs: Any) -> dict[str, Any]:
        with operator_scope():
            Membership.objects.filter(pk=member.pk).update(role="admin")
        return {"page": _Broken()}

    monkeypatch.setattr("tenants.views.people.PeopleView.get_context_data", write_then_hand_over)
    assert browser.get(url).status_code == 500
    assert _state(member.tenant) == before


class _Broken:
    @property
    def items(self) -> NoReturn:
        raise ZeroDivisionError
