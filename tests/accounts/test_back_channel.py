"""Back-channel logout: the provider's own word ends sessions, and nobody else's does (S11)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import authentik
from accounts.freshness import shortfall
from accounts.models import OIDCSession, Revocation, SeenLogoutToken
from accounts.verification import LOGOUT_EVENT
from tenants.models import AuditEvent
from tenants.scope import operator_scope
from tests.accounts.flow import at_provider, begin, sign_in
from tests.contract.identity_browser import IdentityProvider

pytestmark = pytest.mark.django_db

_URL = "/oidc/{}/backchannel-logout/"
_PERSON = "owner@acme.test"


@pytest.fixture
def site(provider: IdentityProvider) -> Client:
    """Return a browser in which acme's owner is signed in."""
    site = Client(raise_request_exception=False, enforce_csrf_checks=True)
    sign_in(site, provider, _PERSON)
    return site


def token(provider: IdentityProvider, *, client: str = "dezky-portal", email: str = _PERSON, **words: Any) -> str:
    made: str = provider.control("logout_token", client=client, email=email, **words)["logout_token"]
    return made


def send(logout_token: str, *, client: str = "portal") -> Any:
    """Post a logout token as authentik does: no cookie, no CSRF token."""
    return Client(raise_request_exception=False, enforce_csrf_checks=True).post(
        _URL.format(client), {"logout_token": logout_token}
    )


def is_in(site: Client) -> bool:
    return bool(site.get("/me/").status_code == 200)


def test_s11_a_logout_token_ends_the_session_at_the_next_request(site: Client, provider: IdentityProvider) -> None:
    answer = send(token(provider, claims={"sid": OIDCSession.objects.get().sid}))
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, b"", "private, no-store")
    assert not is_in(site)
    session = OIDCSession.objects.get()
    assert (session.end_reason, session.refresh_token, session.id_token) == ("back_channel", "", "")
    assert sorted(Revocation.objects.values_list("hint", flat=True)) == ["access_token", "refresh_token"]
    with operator_scope():
        event = AuditEvent.objects.of_platform().filter(action="session:browser:end").get()
    assert (event.actor_email, event.reason) == (_PERSON, "back_channel")


def test_s11_a_subject_without_a_session_id_ends_all_of_a_client(site: Client, provider: IdentityProvider) -> None:
    other = Client()
    sign_in(other, provider, _PERSON)
    assert send(token(provider)).status_code == 200
    assert (is_in(site), is_in(other)) == (False, False)


def test_s11_another_session_of_the_person_goes_on(site: Client, provider: IdentityProvider) -> None:
    other = Client()
    sign_in(other, provider, _PERSON)
    first, second = OIDCSession.objects.order_by("created_at")
    assert first.sid != second.sid
    assert send(token(provider, claims={"sid": first.sid})).status_code == 200
    assert (is_in(site), is_in(other)) == (False, True)


def test_s11_a_session_of_somebody_else_is_not_ended_by_a_wrong_pair(site: Client, provider: IdentityProvider) -> None:
    sid = OIDCSession.objects.get().sid
    assert send(token(provider, email="admin@globex.test", claims={"sid": sid})).status_code == 200
    assert is_in(site)


def test_s11_a_token_is_good_once(site: Client, provider: IdentityProvider) -> None:
    replayed = token(provider)
    assert send(replayed).status_code == 200
    sign_in(site, provider, _PERSON)
    assert send(replayed).status_code == 400
    assert is_in(site)


def test_s11_a_failed_attempt_can_be_repeated(
    site: Client, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = token(provider)

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("accounts.views.back_channel.endings.close", fail)
        assert send(made).status_code == 500
    assert SeenLogoutToken.objects.count() == 0
    assert send(made).status_code == 200
    assert not is_in(site)


_HOSTILE: list[dict[str, Any]] = [
    {"claims": {"iss": "https://evil.test/"}},
    {"claims": {"aud": "dezky-operator"}},
    {"claims": {"aud": ["dezky-portal", "dezky-operator"]}},
    {"claims": {"nonce": "any"}},
    {"claims": {"events": {}}},
    {"claims": {"events": {LOGOUT_EVENT: "yes"}}},
    {"claims": {"events": [LOGOUT_EVENT]}},
    {"claims": {"exp": 1}},
    {"claims": {"sub": ["a", "list"]}},
    {"claims": {"jti": 7}},
    {"remove": ["jti"]},
    {"remove": ["events"]},
    {"remove": ["exp"]},
    {"remove": ["iat"]},
    {"remove": ["sub"]},
    {"typ": "JWT"},
    {"alg": "none"},
    {"alg": "HS256"},
    {"key": "wrong"},
    {"key": "unknown_kid"},
    {"key": "enc"},
]


@pytest.mark.parametrize("words", _HOSTILE, ids=str)
def test_s11_a_hostile_logout_token_ends_nothing(
    site: Client, provider: IdentityProvider, words: dict[str, Any]
) -> None:
    provider.control("encryption_key", kid="same")
    answer = send(token(provider, **words))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert is_in(site)
    assert SeenLogoutToken.objects.count() == 0


def test_s11_a_token_of_two_minutes_ago_is_too_old(site: Client, provider: IdentityProvider) -> None:
    now = int(time.time())
    assert send(token(provider, claims={"iat": now - 125, "exp": now + 300})).status_code == 400
    assert is_in(site)
    assert send(token(provider, claims={"iat": now - 60, "exp": now + 300})).status_code == 200


@pytest.mark.parametrize("wrong", ["", "x", "a.b.c", "\x00", "e" * 20_000])
def test_s11_rubbish_is_refused(site: Client, wrong: str) -> None:
    assert send(wrong).status_code == 400
    assert is_in(site)


def test_a13_a_token_of_the_other_client_is_refused(site: Client, provider: IdentityProvider) -> None:
    assert send(token(provider, client="dezky-operator")).status_code == 400
    assert send(token(provider), client="operator").status_code == 400
    assert is_in(site)


def test_an_id_token_is_no_logout_token(site: Client) -> None:
    assert send(OIDCSession.objects.get().id_token).status_code == 400
    assert is_in(site)


def test_without_keys_the_provider_is_told_to_try_again(site: Client, provider: IdentityProvider) -> None:
    made = token(provider)
    authentik.cache.clear()
    provider.control("down", endpoints=["discovery", "jwks"])
    answer = send(made)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    provider.control("normal")
    assert send(made).status_code == 200
    assert not is_in(site)


def test_only_a_post_is_answered() -> None:
    assert Client().get(_URL.format("portal")).status_code == 405


def test_a_mutant_without_the_replay_check_would_end_the_session_again(
    site: Client, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test of the replay can fail."""
    monkeypatch.setattr(
        "accounts.views.back_channel.SeenLogoutToken.objects.create",
        lambda **words: SeenLogoutToken(**words, seen_at=timezone.now()),
    )
    replayed = token(provider)
    assert send(replayed).status_code == 200
    sign_in(site, provider, _PERSON)
    assert send(replayed).status_code == 200
    assert not is_in(site)


@pytest.mark.parametrize("is_of_this_sign_in", [True, False])
def test_s11_a_logout_that_overtakes_the_callback_ends_the_sign_in(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch, *, is_of_this_sign_in: bool
) -> None:
    """The provider's session ended while its code was redeemed: there was no session here yet to end."""
    site = Client(raise_request_exception=False)

    def overtaken(**words: Any) -> Any:
        sid = words["claims"]["sid"] if is_of_this_sign_in else "another"
        assert send(token(provider, claims={"sid": sid})).status_code == 200
        return shortfall(**words)

    callback = at_provider(provider, begin(site), _PERSON)
    with monkeypatch.context() as patch:
        patch.setattr("accounts.views.sign_in.shortfall", overtaken)
        answer = site.get(callback)
    assert (answer.status_code, "again=1" in answer["Location"]) == (302, is_of_this_sign_in)
    assert is_in(site) is not is_of_this_sign_in
    assert Revocation.objects.count() == (2 if is_of_this_sign_in else 0)


def test_s11_a_sign_in_that_began_after_the_logout_is_good(site: Client, provider: IdentityProvider) -> None:
    """Also where the provider's own session, and so its id, is still the old one."""
    assert send(token(provider, claims={"sid": OIDCSession.objects.get().sid})).status_code == 200
    provider.control("tamper", token="id", claims={"sid": SeenLogoutToken.objects.get().sid})
    sign_in(site, provider, _PERSON)
    assert (is_in(site), OIDCSession.objects.alive().get().sid) == (True, SeenLogoutToken.objects.get().sid)
