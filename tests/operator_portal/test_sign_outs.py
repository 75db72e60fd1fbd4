"""The operator's kill switch, its proof, and the fresh sign-in that it asks for (S12, O6)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts import tasks
from accounts.enums import ClientName, TokenHint
from accounts.models import OIDCSession, Revocation, SignOutOrder, User
from tenants.models import AuditEvent, Tenant
from tenants.scope import operator_scope
from tests.factories import MembershipFactory, OIDCSessionFactory, TenantFactory, UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
_REASON = {"reason": "a lost laptop"}


@pytest.fixture
def operator(sign_in: SignIn) -> Client:
    """Return an operator's browser, freshly signed in."""
    return sign_in(UserFactory(name="Olga Operator", is_platform_admin=True), "operator")


def events(tenant: Tenant | None) -> list[tuple[str, str, str]]:
    with operator_scope():
        found = AuditEvent.objects.filter(tenant=tenant, action="session:everything:end")
        return [(event.actor_type, event.actor_name, event.reason) for event in found]


def test_s12_a_person_is_out_at_the_next_request(operator: Client, sign_in: SignIn) -> None:
    person = UserFactory(name="Lost Laptop")
    browsers = [sign_in(person) for _ in range(2)]
    answer = operator.post(f"/operator/people/{person.pk}/sign-out/", _REASON)
    order = SignOutOrder.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/operator/sign-outs/{order.pk}/")
    assert [browser.get("/me/").status_code for browser in browsers] == [302, 302]
    assert (order.sessions, order.reason, order.ordered_by_label) == (2, "a lost laptop", "Olga Operator")
    assert events(None) == [("operator", "Olga Operator", "a lost laptop")]


def test_s12_everybody_of_a_workspace_is_out_and_its_own_log_says_who_did_it(operator: Client, sign_in: SignIn) -> None:
    tenant = TenantFactory(slug="acme")
    people = [UserFactory() for _ in range(3)]
    for person in people:
        MembershipFactory(tenant=tenant, user=person)
    browsers = [sign_in(person) for person in people]
    outsider = sign_in(UserFactory())
    assert operator.post("/operator/tenants/acme/sign-out/", _REASON).status_code == 302
    assert [browser.get("/me/").status_code for browser in browsers] == [302, 302, 302]
    assert outsider.get("/me/").status_code == 200
    assert events(tenant) == [("operator", "Olga Operator", "a lost laptop")]
    order = SignOutOrder.objects.get()
    assert set(order.people) == {person.pk for person in people}


def test_the_page_follows_the_proof_until_it_is_complete(operator: Client) -> None:
    person = UserFactory()
    operator.post(f"/operator/people/{person.pk}/sign-out/", _REASON)
    order = SignOutOrder.objects.get()
    path = f"/operator/sign-outs/{order.pk}/"
    waiting = operator.get(path, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    assert "<html" not in waiting
    tasks.carry_out(order_id=str(order.pk))
    done = operator.get(path).content.decode()
    assert "every 2s" not in done
    assert "Complete" in done
    assert "Complete" in operator.get("/operator/sign-outs/").content.decode()


def test_an_open_proof_claims_nothing_of_tokens_that_wait(operator: Client) -> None:
    person = UserFactory()
    operator.post(f"/operator/people/{person.pk}/sign-out/", _REASON)
    order = SignOutOrder.objects.get()
    SignOutOrder.objects.update(tokens=2, is_carried_out=True)
    held = {"user": person, "client": ClientName.PORTAL, "hint": TokenHint.REFRESH, "token": "held"}
    Revocation.objects.create(**held, order=order, attempts=1, last_error="POST failed")
    page = operator.get(f"/operator/sign-outs/{order.pk}/").content.decode()
    assert "1 of 2 tokens still to be taken back" in page
    assert "Tried 1 time, the last time in vain (POST failed)" in page
    assert "called inactive" not in page


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_a_bad_reason_is_told_at_its_field_and_nobody_is_signed_out(operator: Client, reason: str) -> None:
    session = OIDCSessionFactory()
    answer = operator.post(f"/operator/people/{session.user_id}/sign-out/", {"reason": reason})
    assert answer.status_code == 422
    assert 'id="reason-error"' in answer.content.decode()
    assert reason.strip() in answer.content.decode()
    assert SignOutOrder.objects.count() == 0


class TestStepUp:
    """O6: what can't be undone asks for a sign-in of the last ten minutes."""

    @pytest.fixture
    def stale(self, sign_in: SignIn) -> Client:
        """Return an operator's browser whose last sign-in is eleven minutes old."""
        then = timezone.now() - timedelta(minutes=11)
        return sign_in(UserFactory(is_platform_admin=True), "operator", authenticated_at=then)

    def test_the_form_is_not_shown_before_a_fresh_sign_in(self, stale: Client) -> None:
        path = f"/operator/people/{UserFactory().pk}/sign-out/"
        answer = stale.get(path)
        assert answer.status_code == 302
        assert answer["Location"] == f"/oidc/operator/login/?again=1&next={path.replace('/', '%2F')}"

    def test_a_script_is_challenged_and_told_where_to_go(self, stale: Client) -> None:
        person = UserFactory()
        answer = stale.post(
            f"/operator/people/{person.pk}/sign-out/", _REASON, headers={"HX-Request": "true", "HX-Boosted": "false"}
        )
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == (
            'Session realm="dezky", error="insufficient_user_authentication", max_age="600"'
        )
        assert answer["X-Step-Up-Url"] == (
            "/oidc/operator/login/?again=1&next=%2Fsession%2Fdone%2F%3Fclient%3Doperator"
        )
        assert SignOutOrder.objects.count() == 0

    def test_a_form_without_script_says_what_to_do(self, stale: Client) -> None:
        answer = stale.post(f"/operator/people/{UserFactory().pk}/sign-out/", _REASON)
        assert answer.status_code == 401
        assert "Confirm that it is you" in answer.content.decode()
        assert SignOutOrder.objects.count() == 0

    def test_a_renewal_is_no_fresh_sign_in(self, stale: Client) -> None:
        OIDCSession.objects.update(confirmed_at=timezone.now(), created_at=timezone.now())
        assert stale.get(f"/operator/people/{UserFactory().pk}/sign-out/").status_code == 302

    def test_a_session_that_does_not_know_its_sign_in_is_not_fresh(self, sign_in: SignIn) -> None:
        browser = sign_in(UserFactory(is_platform_admin=True), "operator", authenticated_at=None)
        assert browser.get(f"/operator/people/{UserFactory().pk}/sign-out/").status_code == 302

    def test_somebody_else_learns_nothing_by_it(self, sign_in: SignIn) -> None:
        then = timezone.now() - timedelta(minutes=11)
        browser = sign_in(UserFactory(), "operator", authenticated_at=then)
        answer = browser.get(f"/operator/people/{UserFactory().pk}/sign-out/")
        assert (answer.status_code, answer["Location"]) == (302, "/operator/not-authorised/")


def test_an_unknown_person_or_workspace_is_not_found(operator: Client) -> None:
    for path in (f"people/{uuid4()}/", f"people/{uuid4()}/sign-out/", "tenants/nowhere/", "tenants/nowhere/sign-out/"):
        assert (path, operator.get(f"/operator/{path}").status_code) == (path, 404)
    assert operator.get(f"/operator/sign-outs/{uuid4()}/").status_code == 404


def test_the_operators_own_session_dies_with_the_order_about_themselves(operator: Client) -> None:
    me = User.objects.get(name="Olga Operator")
    assert operator.post(f"/operator/people/{me.pk}/sign-out/", _REASON).status_code == 302
    assert operator.get("/operator/").status_code == 302
