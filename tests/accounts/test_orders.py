"""Signing out of everything: what dies at once, what follows, and what the proof says (S10, S12)."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import endings, orders, tasks, tokens
from accounts.authentik import Tokens
from accounts.enums import EndReason, OrderSubject
from accounts.freshness import shortfall
from accounts.models import OIDCSession, Revocation, SignOutOrder, User
from tests.accounts.flow import at_provider, begin, sign_in
from tests.contract.identity_browser import IdentityProvider
from tests.factories import OIDCSessionFactory, UserFactory

pytestmark = pytest.mark.django_db
_EMAIL = "owner@acme.test"


def order_about(person: User) -> SignOutOrder:
    subject = orders.Subject(OrderSubject.PERSON, person.pk, person.label)
    order = orders.order_sign_out(
        people=[person], subject=subject, reason="a lost laptop", by=UserFactory(), asked_at=timezone.now()
    )
    endings.witness(order)
    order.refresh_from_db()
    return order


@pytest.fixture
def browsers(provider: IdentityProvider) -> list[Client]:
    """Return three browsers of acme's owner."""
    browsers = [Client(raise_request_exception=False) for _ in range(3)]
    for browser in browsers:
        sign_in(browser, provider, _EMAIL)
    return browsers


def test_s12_every_session_is_dead_from_the_commit_on(browsers: list[Client]) -> None:
    order = order_about(User.objects.get(email=_EMAIL))
    assert [browser.get("/me/").status_code for browser in browsers] == [302, 302, 302]
    assert order.sessions == 3
    assert order.sessions_took is not None
    assert timedelta(0) < order.sessions_took < timedelta(seconds=2)
    assert not order.is_proved


def test_s12_the_proof_is_complete_when_the_provider_calls_every_token_dead(
    browsers: list[Client], provider: IdentityProvider
) -> None:
    held = {s.refresh_token for s in OIDCSession.objects.all()} | {s.access_token for s in OIDCSession.objects.all()}
    order = order_about(User.objects.get(email=_EMAIL))
    tasks.carry_out(order_id=str(order.pk))
    order.refresh_from_db()
    assert (order.is_proved, order.tokens) == (True, 6)
    assert order.tokens_took is not None
    assert order.tokens_took > timedelta(0)
    assert len(held) == 6
    for token in held:
        answer = provider.call("introspect", "dezky-portal", token=token)
        assert answer.json == {"active": False}
    assert {r.token for r in Revocation.objects.all()} == {""}
    assert set(OIDCSession.objects.values_list("end_reason", flat=True)) == {EndReason.ORDERED}


def test_s10_while_the_provider_is_away_the_sessions_are_dead_and_the_tokens_wait(
    browsers: list[Client], provider: IdentityProvider
) -> None:
    provider.control("status", code=503)
    order = order_about(User.objects.get(email=_EMAIL))
    tasks.carry_out(order_id=str(order.pk))
    order.refresh_from_db()
    assert order.sessions_dead_at is not None
    assert order.tokens_dead_at is None
    tried = Revocation.objects.filter(attempts__gt=0).get()
    assert (tried.last_error, tried.next_at > timezone.now()) == ("the provider answered 503", True)

    provider.control("normal")
    assert tasks.take_tokens_back(timestamp=0) == 5
    Revocation.objects.update(next_at=timezone.now())
    assert tasks.take_tokens_back(timestamp=0) == 1
    order.refresh_from_db()
    assert order.is_proved


def test_a_token_that_the_provider_still_takes_is_not_called_dead(
    browsers: list[Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof asks; it does not believe that revoking is enough. One stubborn token keeps none of the others."""
    monkeypatch.setattr("accounts.authentik.revoke", lambda *_args, **_kwargs: None)
    order = order_about(User.objects.get(email=_EMAIL))
    tasks.carry_out(order_id=str(order.pk))
    order.refresh_from_db()
    assert order.tokens_dead_at is None
    assert Revocation.objects.filter(last_error="the provider still calls the token active").count() == 6


def test_a_session_that_still_holds_leaves_the_proof_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the proof of the sessions can fail, too."""
    session = OIDCSessionFactory()
    monkeypatch.setattr(OIDCSession, "is_alive", lambda _self, _now: True)
    assert order_about(session.user).sessions_dead_at is None


def test_a_task_that_runs_twice_does_no_harm(browsers: list[Client]) -> None:
    order = order_about(User.objects.get(email=_EMAIL))
    tasks.carry_out(order_id=str(order.pk))
    first = SignOutOrder.objects.get(pk=order.pk).tokens_dead_at
    tasks.carry_out(order_id=str(order.pk))
    order.refresh_from_db()
    assert (order.tokens, order.tokens_dead_at) == (6, first)


def test_somebody_without_sessions_is_proved_at_once() -> None:
    order = order_about(UserFactory())
    tasks.carry_out(order_id=str(order.pk))
    order.refresh_from_db()
    assert (order.sessions, order.tokens, order.is_proved) == (0, 0, True)


def test_a_session_from_afterwards_lives() -> None:
    session = OIDCSessionFactory()
    order_about(session.user)
    later = OIDCSessionFactory(user=session.user)
    assert set(OIDCSession.objects.alive()) == {later}
    assert set(OIDCSession.objects.cut_off()) == {session}


def test_s10_a_revocation_waits_longer_each_time(browsers: list[Client], provider: IdentityProvider) -> None:
    provider.control("down")
    (waiting, _) = endings.close(
        OIDCSession.objects.filter(pk=OIDCSession.objects.latest("created_at").pk), reason=EndReason.REFUSED
    )
    pauses = []
    for _ in range(9):
        assert endings.take_back([waiting], budget_seconds=5) == 0
        pauses.append(round((waiting.next_at - timezone.now()).total_seconds()))
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_s9_a_waiting_token_is_encrypted(browsers: list[Client]) -> None:
    plain = OIDCSession.objects.latest("created_at").refresh_token
    order_about(User.objects.get(email=_EMAIL))
    endings.close(OIDCSession.objects.cut_off(), reason=EndReason.ORDERED)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(token, ' ') FROM accounts_revocation")
        stored = cursor.fetchone()[0]
    assert plain not in stored
    assert plain in {r.token for r in Revocation.objects.all()}


def test_s12_a_token_that_an_earlier_end_left_waiting_keeps_the_proof_open(
    browsers: list[Client], provider: IdentityProvider
) -> None:
    """Whoever signed out during an outage holds no session any more, but the provider still takes the token."""
    provider.control("status", code=503)
    browsers[0].post("/oidc/portal/logout/")
    person = User.objects.get(email=_EMAIL)
    first = order_about(person)
    tasks.carry_out(order_id=str(first.pk))
    second = order_about(person)  # finds no session, and no token of its own
    tasks.carry_out(order_id=str(second.pk))
    assert SignOutOrder.objects.filter(tokens_dead_at__isnull=False).count() == 0

    provider.control("normal")
    Revocation.objects.update(next_at=timezone.now())
    tasks.take_tokens_back(timestamp=0)
    assert SignOutOrder.objects.filter(tokens_dead_at__isnull=False).count() == 2
    first.refresh_from_db()
    assert first.tokens == 6


def test_s12_a_renewal_that_is_on_the_way_keeps_the_proof_open(browsers: list[Client]) -> None:
    """Its answer brings a token that nobody has taken back yet."""
    person = User.objects.get(email=_EMAIL)
    OIDCSession.objects.filter(user=person).update(renewal_pending_until=timezone.now() + timedelta(minutes=2))
    order = order_about(person)
    tasks.carry_out(order_id=str(order.pk))
    order.refresh_from_db()
    assert (order.tokens, order.tokens_dead_at) == (6, None)

    for pk in OIDCSession.objects.filter(user=person).values_list("pk", flat=True):
        coming: Future[Tokens] = Future()
        coming.set_result(Tokens(f"access {pk}", "identity", f"refresh {pk}", 300))
        tokens._settle_late(pk, coming)
    tasks.carry_out(order_id=str(order.pk))
    order.refresh_from_db()
    assert (order.tokens, order.is_proved) == (12, True)


def test_s12_a_proof_whose_process_died_after_the_order_is_completed_by_the_worker() -> None:
    session = OIDCSessionFactory(access_token="", refresh_token="")
    subject = orders.Subject(OrderSubject.PERSON, session.user_id, "a person")
    orders.order_sign_out(
        people=[session.user], subject=subject, reason="a lost laptop", by=UserFactory(), asked_at=timezone.now()
    )
    tasks.carry_out(order_id=str(SignOutOrder.objects.get().pk))
    assert SignOutOrder.objects.get().is_proved


def test_s12_a_sign_in_that_is_on_the_way_does_not_outlive_the_order(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order comes after the sign-in was found to be good, and before its session began."""
    site = Client(raise_request_exception=False)

    def order_meanwhile(**words: Any) -> Any:
        found = shortfall(**words)
        order_about(words["user"])
        return found

    callback = at_provider(provider, begin(site), _EMAIL)
    with monkeypatch.context() as patch:
        patch.setattr("accounts.views.sign_in.shortfall", order_meanwhile)
        answer = site.get(callback)
    assert (answer.status_code, "again=1" in answer["Location"]) == (302, True)
    assert (site.get("/me/").status_code, OIDCSession.objects.count()) == (302, 0)
    assert sorted(Revocation.objects.values_list("hint", flat=True)) == ["access_token", "refresh_token"]
