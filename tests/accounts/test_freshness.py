"""Which sign-ins at the provider open a session: the operator's second factor, and how recent they are (A15, S12)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OIDCSession, Revocation, User
from tests.accounts.flow import at_provider, begin, sign_in
from tests.contract.identity_browser import Browser, IdentityProvider

pytestmark = pytest.mark.django_db
_OPERATOR = "operator@dezky.test"


def _path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.fixture
def site(provider: IdentityProvider) -> Client:
    """Return a browser."""
    return Client(raise_request_exception=False)


class _Person:
    """Somebody with one browser, at our site and at the provider."""

    def __init__(self, site: Client, provider: IdentityProvider, email: str) -> None:
        self.site, self.email = site, email
        self.there = Browser(provider)

    def follow(self, path: str) -> Any:
        """Follow redirects between site and provider, and choose the account when asked; return the last answer."""
        answer = self.site.get(path)
        for _ in range(6):
            if answer.status_code != 302 or "/application/o/" not in answer["Location"]:
                return answer
            there = self.there.get(_path(answer["Location"]))
            location = there.location
            if "/if/flow/" in location:
                location = self.there.choose(location, self.email).location
            if "/application/o/authorize" in location:
                location = self.there.get(_path(location)).location
            answer = self.site.get(_path(location))
            if answer.status_code == 302 and answer["Location"].startswith("/oidc/"):
                answer = self.site.get(answer["Location"])
        return answer


def test_a15_a_password_alone_is_sent_back_for_the_second_factor(site: Client, provider: IdentityProvider) -> None:
    person = _Person(site, provider, _OPERATOR)
    assert person.follow("/oidc/portal/login/").status_code == 302
    assert provider.control("state")["sessions"] != {}
    answer = person.follow("/oidc/operator/login/?next=/operator/tenants/")
    assert (answer.status_code, answer["Location"]) == (302, "/operator/tenants/")
    assert site.get("/operator/").status_code == 200
    # The tokens of the sign-in that would not do are given back.
    assert sorted(Revocation.objects.values_list("hint", flat=True)) == ["access_token", "refresh_token"]


@pytest.mark.parametrize(
    "tampering",
    [
        {"remove": ["amr"]},
        {"claims": {"amr": ["pwd"]}},
        {"claims": {"amr": "mfa"}},
        {"claims": {"amr": {"mfa": True}}},
        {"remove": ["auth_time"]},
        {"auth_time_ago": 9 * 3600},
        {"claims": {"auth_time": "now"}},
        {"claims": {"auth_time": True}},
        {"claims": {"auth_time": 10**40}},
        {"claims": {"auth_time": float("nan")}},
        {"claims": {"auth_time": float("inf")}},
    ],
    ids=str,
)
def test_a15_an_operator_without_factor_or_recent_sign_in_gets_a_page_and_no_session(
    site: Client, provider: IdentityProvider, tampering: dict[str, Any]
) -> None:
    """After one more try, and never in a loop."""
    if "auth_time_ago" in tampering:  # worked out here: the names of the cases are the same in each worker
        tampering = {"claims": {"auth_time": int(time.time()) - tampering["auth_time_ago"]}}
    provider.control("tamper", token="id", **tampering)
    first = sign_in(site, provider, _OPERATOR, "operator")
    assert first.status_code == 302
    assert parse_qs(urlsplit(first["Location"]).query)["again"] == ["1"]
    second = sign_in(site, provider, _OPERATOR, "operator", again="1")
    assert second.status_code == 403
    assert OIDCSession.objects.count() == 0


def test_a15_the_portal_asks_for_no_second_factor(site: Client, provider: IdentityProvider) -> None:
    provider.control("tamper", token="id", remove=["amr", "auth_time"])
    assert sign_in(site, provider, "owner@acme.test").status_code == 302
    assert OIDCSession.objects.get().authenticated_at is None


def test_a_sign_in_again_asks_the_provider_for_one_of_this_moment(site: Client) -> None:
    assert parse_qs(urlsplit(begin(site, again="1")).query)["max_age"] == ["1"]
    assert "max_age" not in begin(site)


def test_o6_an_old_sign_in_does_not_pass_for_a_new_one(site: Client, provider: IdentityProvider) -> None:
    """The provider has to have obeyed max_age, not only to have been asked."""
    provider.control("tamper", token="id", claims={"auth_time": int(time.time()) - 300})
    assert sign_in(site, provider, "owner@acme.test", again="1").status_code == 403
    assert OIDCSession.objects.count() == 0


def test_s12_a_session_of_the_provider_from_before_opens_nothing(site: Client, provider: IdentityProvider) -> None:
    person = _Person(site, provider, "owner@acme.test")
    person.follow("/oidc/portal/login/")
    User.objects.update(reauthenticate_after=timezone.now())
    assert site.get("/me/").status_code == 302
    answer = site.get(at_provider_again(person))
    assert (answer.status_code, "again=1" in answer["Location"]) == (302, True)
    assert OIDCSession.objects.alive().count() == 0


def at_provider_again(person: _Person) -> str:
    """Let the provider's own session answer, without a question to the person."""
    return _path(person.there.get(_path(begin(person.site))).location)


@pytest.mark.parametrize("told", [float("nan"), float("inf"), float("-inf"), "now", None, [1], True])
def test_s12_what_is_no_time_is_not_afterwards(told: object) -> None:
    assert User(reauthenticate_after=timezone.now()).is_cut_off(told)
    assert not User().is_cut_off(told)


def test_s12_a_sign_in_from_afterwards_opens_a_session(site: Client, provider: IdentityProvider) -> None:
    sign_in(site, provider, "owner@acme.test")
    User.objects.update(reauthenticate_after=timezone.now() - timedelta(seconds=2))
    OIDCSession.objects.update(created_at=timezone.now() - timedelta(seconds=5))
    assert site.get("/me/").status_code == 302
    assert site.get(at_provider(provider, begin(site), "owner@acme.test")).status_code == 302
    assert site.get("/me/").status_code == 200


def test_the_session_remembers_device_and_sign_in(provider: IdentityProvider) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    site = Client(headers={"user-agent": agent})
    sign_in(site, provider, "owner@acme.test")
    session = OIDCSession.objects.get()
    assert (session.device, session.ip) == ("Firefox on Linux", "127.0.0.1")
    assert session.authenticated_at is not None
    assert timezone.now() - session.authenticated_at < timedelta(seconds=10)
