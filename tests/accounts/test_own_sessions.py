"""One's own sessions: seen, ended one by one, and all at once (S12)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import OIDCSession, Revocation, SignOutOrder, User
from tests.accounts.flow import sign_in as through_provider
from tests.contract.identity_browser import IdentityProvider
from tests.factories import OIDCSessionFactory, UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
_PAGE = "/me/sessions/"


def end(browser: Client, session: OIDCSession) -> int:
    path = reverse("accounts:session-end", kwargs={"session_id": session.pk})
    return browser.post(path).status_code


def test_the_page_lists_the_living_sessions_and_says_which_is_here(sign_in: SignIn) -> None:
    user = UserFactory()
    browser = sign_in(user, device="Firefox on Linux")
    OIDCSessionFactory(user=user, device="Safari on iOS", client="operator")
    OIDCSessionFactory(user=user, device="Ended on Windows", ended_at=user.created_at)
    OIDCSessionFactory(device="Somebody on Mac")
    text = browser.get(_PAGE).content.decode()
    assert [device in text for device in ("Firefox on Linux", "Safari on iOS")] == [True, True]
    assert [device in text for device in ("Ended on Windows", "Somebody on Mac")] == [False, False]
    assert text.count("This browser") == 1
    assert text.count('aria-label="End the session on') == 1


def test_ending_another_session_signs_that_browser_out(sign_in: SignIn) -> None:
    user = UserFactory()
    here, there = sign_in(user), sign_in(user, device="Safari on iOS")
    other = OIDCSession.objects.get(device="Safari on iOS")
    assert end(here, other) == 302
    assert b"Safari on iOS is signed out." in here.get(_PAGE).content
    assert (here.get("/me/").status_code, there.get("/me/").status_code) == (200, 302)
    other.refresh_from_db()
    assert (other.end_reason, other.refresh_token) == ("ended_elsewhere", "")


def test_a_session_of_somebody_else_is_not_there(sign_in: SignIn) -> None:
    foreign = OIDCSessionFactory()
    assert end(sign_in(UserFactory()), foreign) == 404
    foreign.refresh_from_db()
    assert foreign.ended_at is None


def test_s12_signing_out_everywhere_ends_both_clients_and_this_browser(provider: IdentityProvider) -> None:
    browsers = [Client(raise_request_exception=False) for _ in range(2)]
    for browser in browsers:
        through_provider(browser, provider, "operator@dezky.test")
    through_provider(browsers[0], provider, "operator@dezky.test", "operator")
    answer = browsers[0].post("/me/sessions/everywhere/")
    assert answer.status_code == 303
    assert answer["Location"].startswith(provider.url)
    assert [browser.get("/me/").status_code for browser in browsers] == [302, 302]
    assert browsers[0].get("/operator/").status_code == 302
    assert OIDCSession.objects.alive().count() == 0
    order = SignOutOrder.objects.get()
    assert (order.is_own, order.sessions, order.sessions_dead_at is not None) == (True, 3, True)
    assert Revocation.objects.filter(order=order).count() == 6
    assert User.objects.get().reauthenticate_after == order.cut_at
    assert b"You are signed out everywhere" in browsers[0].get("/oidc/portal/signed-out/").content


@pytest.mark.parametrize("others", [0, 2])
def test_the_page_asks_the_database_as_often_for_one_session_as_for_three(
    sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries, others: int
) -> None:
    user = UserFactory()
    browser = sign_in(user)
    OIDCSessionFactory.create_batch(others, user=user)
    with django_assert_num_queries(10):
        assert browser.get(_PAGE).status_code == 200
