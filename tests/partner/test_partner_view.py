"""Partner mode is for partner staff alone, and what has gone stale is gone at the next request (Z9)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from accounts.clients import get_client
from accounts.models import User
from partner.models import Partner, PartnerStaff
from tenants import visits
from tenants.enums import TenantStatus
from tenants.models import AuditEvent, DelegatedAccess, Tenant
from tenants.scope import operator_scope
from tests.factories import (
    DelegatedAccessFactory,
    OIDCSessionFactory,
    PartnerFactory,
    PartnerStaffFactory,
    TenantFactory,
    UserFactory,
)
from tests.fixtures.people import remember

pytestmark = pytest.mark.django_db
_ALL = ["people:read", "audit:read"]


@dataclass
class Scene:
    """A partner's admin with a browser, and a customer that has delegated access."""

    partner: Partner = field(default_factory=PartnerFactory)
    user: User = field(default_factory=UserFactory)
    browser: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __post_init__(self) -> None:
        self.tenant: Tenant = TenantFactory(partner=self.partner)
        self.grant: DelegatedAccess | None = None
        self.renew_grant()
        self.join()
        remember(self.browser, OIDCSessionFactory(user=self.user))

    def join(self) -> None:
        if not PartnerStaff.objects.filter(user=self.user).exists():
            PartnerStaffFactory(partner=self.partner, user=self.user)

    def leave(self) -> None:
        PartnerStaff.objects.filter(user=self.user).delete()

    def renew_grant(self) -> None:
        if self.grant is None:
            self.grant = DelegatedAccessFactory(tenant=self.tenant, partner=self.partner, permissions=_ALL)

    def end_grant(self) -> None:
        if self.grant is not None:
            with operator_scope():
                DelegatedAccess.objects.filter(pk=self.grant.pk).update(ended_at=timezone.now())
            self.grant = None

    def suspend(self) -> None:
        self._set_status(TenantStatus.SUSPENDED)

    def restore(self) -> None:
        self._set_status(TenantStatus.ACTIVE)

    def _set_status(self, status: TenantStatus) -> None:
        with operator_scope():
            Tenant.objects.filter(pk=self.tenant.pk).update(status=status)
        self.tenant.status = status

    def visit(self) -> Any:
        return self.browser.get(f"/admin/{self.tenant.slug}/")

    def look(self) -> Any:
        return self.browser.get("/me/")

    @property
    def holds(self) -> bool:
        """Return whether the person may be in the customer's workspace now."""
        is_staff = PartnerStaff.objects.filter(user=self.user).exists()
        return is_staff and self.grant is not None and self.tenant.status != TenantStatus.SUSPENDED

    @property
    def noted(self) -> list[str]:
        key = self.browser.cookies[get_client("portal").cookie_name].value
        store = import_module(settings.SESSION_ENGINE).SessionStore(key)
        return [visit.slug for visit in visits.visits_of(store)]

    @property
    def purges(self) -> int:
        with operator_scope():
            return AuditEvent.objects.filter(action="access:partner_view:purge", actor_id=self.user.pk).count()


@hypothesis_settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.sampled_from(["visit", "look", "join", "leave", "renew_grant", "end_grant", "suspend", "restore"]),
        min_size=3,
        max_size=12,
    )
)
def test_z9_after_any_request_the_session_holds_what_is_open_and_nothing_else(db: None, steps: list[str]) -> None:
    scene = Scene()
    noted: DelegatedAccess | None = None
    purges = 0
    for step in steps:
        getattr(scene, step)()
        if step not in ("visit", "look"):
            continue
        if noted and not (scene.holds and scene.grant == noted):
            noted, purges = None, purges + 1
        if step == "visit" and scene.holds:
            noted = scene.grant
        assert (scene.noted, scene.purges) == ([scene.tenant.slug] if noted else [], purges)


def test_z9_a_stale_view_is_removed_audited_and_shown_nowhere() -> None:
    scene = Scene()
    assert scene.visit().status_code == 200
    assert scene.tenant.name in scene.browser.get("/partner/").content.decode()
    scene.leave()
    answer = scene.look()
    assert scene.tenant.name not in answer.content.decode()
    assert (scene.noted, scene.purges) == ([], 1)
    with operator_scope():
        event = AuditEvent.objects.get(action="access:partner_view:purge")
    assert (event.object_label, event.actor_name, event.tenant_id) == (scene.tenant.slug, scene.user.name, None)


def test_z9_a_grant_that_was_replaced_is_told_to_the_log_again() -> None:
    scene = Scene()
    scene.visit()
    scene.end_grant()
    scene.renew_grant()
    scene.visit()
    with operator_scope():
        assert AuditEvent.objects.filter(action="access:delegation:visit").count() == 2
    assert scene.noted == [scene.tenant.slug]


def test_a_visit_is_told_to_the_log_once_an_hour() -> None:
    scene = Scene()
    for _ in range(3):
        scene.visit()
    with operator_scope():
        assert AuditEvent.objects.filter(action="access:delegation:visit").count() == 1


@pytest.mark.parametrize("rubbish", ["x", 7, [], {"a": "b"}, {"acme": {"grant": None}}, {"acme": {}}])
def test_z9_partner_mode_of_somebody_who_is_no_staff_is_cleaned(rubbish: Any) -> None:
    """Whatever stands there, and however it came."""
    scene = Scene()
    scene.leave()
    key = scene.browser.cookies[get_client("portal").cookie_name].value
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    store[visits.KEY] = rubbish
    store.save()
    assert scene.look().status_code == 200
    store = import_module(settings.SESSION_ENGINE).SessionStore(key)
    assert visits.KEY not in store


def test_the_page_of_a_grant_that_ended_long_ago_is_cleaned_too() -> None:
    scene = Scene()
    scene.visit()
    with operator_scope():
        DelegatedAccess.objects.update(starts_at=timezone.now() - timedelta(days=2), ends_at=timezone.now())
    scene.look()
    assert (scene.noted, scene.purges) == ([], 1)
