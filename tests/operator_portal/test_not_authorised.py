"""The page that says no signs out whom it is about, and nobody who was only sent there (O2)."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import OIDCSession
from tests.factories import UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
_PATH = "/operator/not-authorised/"


def shown(browser: Client) -> tuple[int, bool, bool]:
    """Return the status, whether the page signs out by itself, and whether it leads to the portal."""
    answer = browser.get(_PATH)
    text = answer.content.decode()
    return answer.status_code, "data-autosubmit" in text, 'href="/operator/"' in text


@pytest.mark.parametrize("client", ["portal", "operator"])
def test_o2_who_is_no_operator_is_signed_out_by_the_page(sign_in: SignIn, client: str) -> None:
    assert shown(sign_in(UserFactory(), client)) == (403, True, False)


@pytest.mark.parametrize("client", ["portal", "operator"])
def test_o2_an_operator_whom_a_link_led_here_stays_signed_in(sign_in: SignIn, client: str) -> None:
    """A link must not be able to sign anybody out, and the page must not say what is not so."""
    browser = sign_in(UserFactory(is_platform_admin=True, email="olga@dezky.test"), client)
    assert shown(browser) == (403, False, True)
    assert "is not one of them" not in browser.get(_PATH).content.decode()
    assert OIDCSession.objects.alive().count() == 1


def test_o2_the_operator_session_s_person_counts_before_the_portal_s(sign_in: SignIn) -> None:
    browser = sign_in(UserFactory(is_platform_admin=True))
    assert shown(sign_in(UserFactory(), "operator", browser)) == (403, True, False)


def test_o2_without_a_session_nothing_is_sent_by_itself() -> None:
    assert shown(Client()) == (403, False, False)
