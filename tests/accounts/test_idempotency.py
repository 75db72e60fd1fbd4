"""A write that is sent twice has one effect, and its second answer is the first's (S7, Z7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import QuerySet
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import idempotency
from accounts.idempotency import HEADER, REPLAYED, fingerprint
from accounts.models import IdempotentRequest, User
from accounts.tasks import purge_sessions
from tenants.enums import MembershipRole, MembershipSource
from tenants.models import AuditEvent, Membership, Tenant
from tenants.scope import operator_scope
from tenants.services import people
from tests.factories import MembershipFactory, TenantFactory, UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db

KEY = "key-of-this-request-0001"


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "PATIENCE_SECONDS", 0.1)


@pytest.fixture
def tenant() -> Tenant:
    made: Tenant = TenantFactory(slug="acme", seats_used=2)
    return made


@pytest.fixture
def member(tenant: Tenant) -> Membership:
    made: Membership = MembershipFactory(
        tenant=tenant, user=UserFactory(), role=MembershipRole.MEMBER, source=MembershipSource.INVITED
    )
    return made


@pytest.fixture
def admin(tenant: Tenant) -> User:
    made: User = MembershipFactory(tenant=tenant, user=UserFactory(), role=MembershipRole.ADMIN).user
    return made


@pytest.fixture
def browser(admin: User, sign_in: SignIn) -> Client:
    return sign_in(admin)


def send(browser: Client, member: Membership, *, role: str = "admin", key: str = KEY) -> Any:
    path = reverse("tenants:person-role", kwargs={"slug": "acme", "membership_id": member.pk})
    return browser.post(path, {"role": role}, headers={"HX-Request": "true", HEADER: key})


def changes() -> int:
    with operator_scope():
        return AuditEvent.objects.filter(action="people:role:change").count()


def role_of(member: Membership) -> str:
    with operator_scope():
        return str(Membership.objects.get(pk=member.pk).role)


def test_the_second_answer_is_the_first_s_and_nothing_happens_twice(browser: Client, member: Membership) -> None:
    first = send(browser, member)
    with operator_scope():
        Membership.objects.filter(pk=member.pk).update(role="member")  # a second effect would show
    second = send(browser, member)

    assert (first.status_code, REPLAYED in first.headers) == (204, False)
    assert (second.status_code, second.headers[REPLAYED]) == (204, "true")
    assert second.headers["HX-Trigger"] == first.headers["HX-Trigger"]
    assert (changes(), role_of(member)) == (1, "member")


def test_without_a_key_a_write_is_applied_each_time(browser: Client, member: Membership) -> None:
    """So the test above can fail."""
    path = reverse("tenants:person-role", kwargs={"slug": "acme", "membership_id": member.pk})
    for role in ("admin", "member"):
        assert browser.post(path, {"role": role}, headers={"HX-Request": "true"}).status_code == 204
    assert (changes(), IdempotentRequest.objects.count()) == (2, 0)


def test_a_redirect_is_repeated_as_one(browser: Client, member: Membership) -> None:
    path = reverse("tenants:person-role", kwargs={"slug": "acme", "membership_id": member.pk})
    answers = [browser.post(path, {"role": "admin"}, headers={HEADER: KEY}) for _ in range(2)]
    assert [(a.status_code, a.headers["Location"]) for a in answers] == [(302, "/admin/acme/people/")] * 2
    assert changes() == 1


def test_a_refused_form_frees_its_key_for_the_corrected_one(browser: Client, member: Membership) -> None:
    assert send(browser, member, role="emperor").status_code == 422
    assert IdempotentRequest.objects.count() == 0
    assert send(browser, member, role="admin").status_code == 204
    assert changes() == 1


def test_a_key_is_good_for_one_request(browser: Client, member: Membership) -> None:
    assert send(browser, member, role="admin").status_code == 204
    answer = send(browser, member, role="member")
    assert (answer.status_code, REPLAYED in answer.headers, role_of(member)) == (422, False, "admin")


def test_a_key_is_its_person_s_own(browser: Client, member: Membership, tenant: Tenant, sign_in: SignIn) -> None:
    assert send(browser, member, role="admin").status_code == 204
    other = sign_in(MembershipFactory(tenant=tenant, user=UserFactory(), role=MembershipRole.ADMIN).user)
    answer = send(other, member, role="member")
    assert (answer.status_code, REPLAYED in answer.headers, role_of(member)) == (204, False, "member")


def test_z7_who_has_lost_the_right_is_shown_no_kept_answer(browser: Client, admin: User, member: Membership) -> None:
    assert send(browser, member).status_code == 204
    with operator_scope():
        Membership.objects.filter(user=admin).delete()
    assert send(browser, member).status_code == 404


@pytest.mark.parametrize("key", ["", "short", "x" * 129, "with spaces in between", "ключ-из-шестнадцати"])
def test_a_key_that_is_none_is_said_to_be(browser: Client, member: Membership, key: str) -> None:
    assert (send(browser, member, key=key).status_code, changes()) == (400, 0)


def test_reads_take_no_key(browser: Client) -> None:
    for _ in range(2):
        assert browser.get("/admin/acme/people/", headers={HEADER: KEY}).status_code == 200
    assert IdempotentRequest.objects.count() == 0


def test_a_key_costs_four_statements_and_its_own_savepoint(browser: Client, member: Membership) -> None:
    """Look and claim before the view, the mark with the effect, the answer after it."""
    path = reverse("tenants:person-role", kwargs={"slug": "acme", "membership_id": member.pk})
    browser.post(path, {"role": "admin"}, headers={"HX-Request": "true"})  # the first finds nothing remembered
    with CaptureQueriesContext(connection) as without:
        browser.post(path, {"role": "member"}, headers={"HX-Request": "true"})
    with CaptureQueriesContext(connection) as keyed:
        browser.post(path, {"role": "admin"}, headers={"HX-Request": "true", HEADER: KEY})
    ours = [query["sql"] for query in keyed if "accounts_idempotentrequest" in query["sql"]]
    assert [sql.split()[0] for sql in ours] == ["SELECT", "INSERT", "UPDATE", "UPDATE"]
    assert len(keyed) - len(without) == 6


# --- What dies in between -----------------------------------------------------------------------------


def leave_at_work(admin: User, *, member: Membership, is_over: bool, is_applied: bool) -> IdempotentRequest:
    """Leave a request as a process does that was killed at work; `is_over`: its lease has run out."""
    path = reverse("tenants:person-role", kwargs={"slug": "acme", "membership_id": member.pk})
    now = timezone.now()
    return IdempotentRequest.objects.create(
        user=admin,
        client="portal",
        key=KEY,
        fingerprint=fingerprint(RequestFactory().post(path, {"role": "admin"})),
        attempt="00000000-0000-0000-0000-000000000001",
        leased_until=now + timedelta(seconds=-1 if is_over else 30),
        applied_at=now if is_applied else None,
    )


def test_while_the_first_is_at_work_the_second_waits_and_is_told_when_to_come_back(
    browser: Client, admin: User, member: Membership
) -> None:
    leave_at_work(admin, member=member, is_over=False, is_applied=False)
    answer = send(browser, member)
    assert (answer.status_code, answer.headers["Retry-After"], changes()) == (409, "2", 0)


def test_what_died_before_its_effect_is_done_by_the_next(browser: Client, admin: User, member: Membership) -> None:
    leave_at_work(admin, member=member, is_over=True, is_applied=False)
    assert (send(browser, member).status_code, changes()) == (204, 1)


def test_what_died_after_its_effect_is_not_done_again(browser: Client, admin: User, member: Membership) -> None:
    leave_at_work(admin, member=member, is_over=True, is_applied=True)
    answer = send(browser, member)
    assert (answer.status_code, answer.headers["HX-Refresh"], changes()) == (204, "true", 0)
    path = reverse("tenants:person-role", kwargs={"slug": "acme", "membership_id": member.pk})
    page = browser.post(path, {"role": "admin"}, headers={HEADER: KEY})
    assert (page.status_code, b"saved already" in page.content, changes()) == (409, True, 0)


def test_the_mark_is_of_the_effect_s_own_transaction(
    browser: Client, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("tenants.views.people.PersonRoleView.done", fail)
        assert send(browser, member).status_code == 500  # after the service, inside its transaction
    assert (changes(), IdempotentRequest.objects.count()) == (0, 0)
    assert (send(browser, member).status_code, changes()) == (204, 1)


def test_an_answer_that_can_t_be_kept_is_remembered_as_an_effect(
    browser: Client, admin: User, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the commit of the effect and the keeping of the answer."""
    with monkeypatch.context() as patch:
        patch.setattr(idempotency, "_keep", lambda *_args: None)
        assert send(browser, member).status_code == 204
    row = IdempotentRequest.objects.get()
    assert (row.status, row.applied_at is not None) == (None, True)
    assert send(browser, member).status_code == 409  # it may still be at work
    IdempotentRequest.objects.update(leased_until=timezone.now())
    assert (send(browser, member).status_code, changes()) == (204, 1)


def test_an_attempt_that_outlived_its_lease_applies_nothing(
    browser: Client, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = people.change_role

    def slow(**words: Any) -> Any:
        """Sleep through one's lease: another attempt takes over meanwhile."""
        IdempotentRequest.objects.update(attempt="00000000-0000-0000-0000-000000000002")
        return real(**words)

    monkeypatch.setattr(people, "change_role", slow)
    assert send(browser, member).status_code == 500
    assert (changes(), role_of(member)) == (0, "member")


def test_a_mutant_that_marks_nothing_would_apply_twice(
    browser: Client, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the tests of deaths can fail: without the mark a death after the effect looks like one before it."""
    monkeypatch.setattr("tenants.audit.idempotency.note_effect", lambda: None)
    monkeypatch.setattr(idempotency, "_keep", lambda *_args: None)
    send(browser, member)
    with operator_scope():
        Membership.objects.filter(pk=member.pk).update(role="member")
    IdempotentRequest.objects.update(leased_until=timezone.now())
    send(browser, member)
    assert changes() == 2


@pytest.mark.parametrize("error", [DatabaseError, InterfaceError])
def test_a_database_that_goes_away_after_the_view_does_not_undo_the_answer(
    browser: Client, member: Membership, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    real = QuerySet.update

    def update(rows: QuerySet[Any], **values: Any) -> int:
        if "status" in values:
            raise error
        return real(rows, **values)

    monkeypatch.setattr(QuerySet, "update", update)
    assert (send(browser, member).status_code, changes()) == (204, 1)
    assert IdempotentRequest.objects.get().status is None


# --- What is kept, and what is compared ---------------------------------------------------------------


def test_a_kept_answer_is_encrypted_and_goes_after_a_day(
    browser: Client, member: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "tenants.views.people.PersonRoleView.done",
        lambda _self, _text: HttpResponse("canary-shown-once"),
    )
    assert send(browser, member).content == b"canary-shown-once"
    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM accounts_idempotentrequest")
        assert "canary" not in cursor.fetchone()[0]
    assert send(browser, member).content == b"canary-shown-once"
    purge_sessions(0)
    assert IdempotentRequest.objects.count() == 1
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    purge_sessions(0)
    assert IdempotentRequest.objects.count() == 0


def multipart(**fields: Any) -> str:
    return fingerprint(RequestFactory().post("/x/", fields))


def test_a_fingerprint_is_of_what_is_asked_and_not_of_its_wrapping() -> None:
    one = multipart(a="1", file=SimpleUploadedFile("a.txt", b"text"), csrfmiddlewaretoken="x")
    assert one == multipart(file=SimpleUploadedFile("a.txt", b"text"), a="1", csrfmiddlewaretoken="y")


_OTHER: dict[str, Callable[[], str]] = {
    "field": lambda: multipart(a="2", file=SimpleUploadedFile("a.txt", b"text")),
    "content": lambda: multipart(a="1", file=SimpleUploadedFile("a.txt", b"TEXT")),
    "file name": lambda: multipart(a="1", file=SimpleUploadedFile("b.txt", b"text")),
    "path": lambda: fingerprint(RequestFactory().post("/y/", {"a": "1", "file": SimpleUploadedFile("a.txt", b"text")})),
    "method": lambda: fingerprint(RequestFactory().put("/x/", b"a=1", content_type="application/json")),
}


@pytest.mark.parametrize("what", _OTHER)
def test_another_request_has_another_fingerprint(what: str) -> None:
    assert multipart(a="1", file=SimpleUploadedFile("a.txt", b"text")) != _OTHER[what]()
