"""Back-channel logout: the provider's own word ends sessions, and nobody else's does (S11)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import authentik, verification
from accounts.freshness import shortfall
from accounts.models import OIDCSession, Revocation, SeenLogoutToken
from accounts.verification import LOGOUT_EVENT
from tenants.models import AuditEvent
from tenants.scope import operator_scope
from tests.accounts.flow import at_provider, begin, sign_in
from tests.contract.identity_browser import IdentityProvider
from tests.mutants import mutate

pytestmark = pytest.mark.django_db

_URL = "/oidc/{}/backchannel-logout/"
_PERSON = "owner@acme.test"
_OPERATOR = "operator@dezky.test"


@pytest.fixture
def site(provider: IdentityProvider) -> Client:
    """Return a browser in which acme's owner is signed in."""
    site = Client(raise_request_exception=False, enforce_csrf_checks=True)
    sign_in(site, provider, _PERSON)
    return site


@dataclass(frozen=True)
class Side:
    """An operator's session of one client, and logout tokens for it."""

    site: Client
    provider: IdentityProvider
    client: str

    @property
    def other(self) -> str:
        return "operator" if self.client == "portal" else "portal"

    @property
    def is_in(self) -> bool:
        return bool(self.site.get("/operator/" if self.client == "operator" else "/me/").status_code == 200)

    def sign_in(self) -> None:
        assert sign_in(self.site, self.provider, _OPERATOR, self.client).status_code == 302

    def token(self, **words: Any) -> str:
        return token(self.provider, client=f"dezky-{self.client}", email=_OPERATOR, **words)

    def send(self, logout_token: str) -> int:
        return int(send(logout_token, client=self.client).status_code)


@pytest.fixture(params=["portal", "operator"])
def side(request: pytest.FixtureRequest, provider: IdentityProvider) -> Side:
    provider.control("encryption_key", kid="same")  # published beside the other, under its name
    side = Side(Client(raise_request_exception=False, enforce_csrf_checks=True), provider, request.param)
    side.sign_in()
    return side


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


def test_s11_a_token_is_good_once(side: Side) -> None:
    replayed = side.token()
    assert side.send(replayed) == 200
    side.sign_in()
    assert side.send(replayed) == 400
    assert side.is_in


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


def _claims(**claims: Any) -> dict[str, Any]:
    return {"claims": claims}


_HOSTILE: dict[str, Callable[[Side], dict[str, Any]]] = {
    "another iss": lambda _: _claims(iss="https://evil.test/"),
    "the other client's iss": lambda side: _claims(iss=side.provider.issuer(f"dezky-{side.other}")),
    "another aud": lambda side: _claims(aud=f"dezky-{side.other}"),
    "aud names others too": lambda side: _claims(aud=[f"dezky-{side.client}", f"dezky-{side.other}"]),
    "azp is the other client": lambda side: _claims(azp=f"dezky-{side.other}"),
    "a nonce": lambda _: _claims(nonce="any"),
    "no events": lambda _: {"remove": ["events"]},
    "another event": lambda _: _claims(events={}),
    "the event is text": lambda _: _claims(events={LOGOUT_EVENT: "yes"}),
    "events is a list": lambda _: _claims(events=[LOGOUT_EVENT]),
    "no exp": lambda _: {"remove": ["exp"]},
    "exp is past": lambda _: _claims(exp=1),
    "no iat": lambda _: {"remove": ["iat"]},
    "iat is text": lambda _: _claims(iat=str(int(time.time()))),
    "iat is true": lambda _: _claims(iat=True),
    "iat is to come": lambda _: _claims(iat=int(time.time()) + 90),
    "two minutes old": lambda _: _claims(iat=int(time.time()) - 125),
    "no sub and no sid": lambda _: {"remove": ["sub"]},
    "sub is a list": lambda _: _claims(sub=["a", "list"]),
    "sub has a zero byte": lambda _: _claims(sub="s\x00"),
    "sid is too long": lambda _: _claims(sid="s" * 256),
    "sid has a zero byte": lambda _: _claims(sid="s\x00"),
    "no jti": lambda _: {"remove": ["jti"]},
    "jti is a number": lambda _: _claims(jti=7),
    "jti has a zero byte": lambda _: _claims(jti="j\x00"),
    "another typ": lambda _: {"typ": "JWT"},
    "no signature": lambda _: {"alg": "none"},
    "HS256 by the client's secret": lambda _: {"alg": "HS256"},
    "another key": lambda _: {"key": "wrong"},
    "an unknown kid": lambda _: {"key": "unknown_kid"},
    "the encryption key under the same kid": lambda _: {"key": "enc"},
}


@pytest.mark.parametrize("case", _HOSTILE)
def test_s11_a_hostile_logout_token_ends_nothing(side: Side, case: str) -> None:
    answer = send(side.token(**_HOSTILE[case](side)), client=side.client)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert side.is_in
    assert SeenLogoutToken.objects.count() == 0


def test_s11_a_token_of_a_minute_ago_is_good(side: Side) -> None:
    assert side.send(side.token(claims={"iat": int(time.time()) - 60})) == 200
    assert not side.is_in


_VERIFY = verification.verify_logout_token
_MUTANTS: dict[str, tuple[str, Callable[..., Any], tuple[str, str]]] = {
    "nonce": ("a nonce", _VERIFY, ('if "nonce" in claims:', "if False:")),
    "event": (
        "another event",
        _VERIFY,
        ("if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):", "if False:"),
    ),
    "age": ("two minutes old", _VERIFY, ("> LOGOUT_TOKEN_AGE_SECONDS", "> 10**6")),
    "type": ("another typ", _VERIFY, (', token_type="logout+jwt"', "")),
    "audience": (
        "aud names others too",
        verification._verify,
        ('if claims["aud"] not in (client.client_id, [client.client_id]):', "if False:"),
    ),
    "use of the key": (
        "the encryption key under the same kid",
        verification._key_for,
        ('and key.get("use") == "sig"', ""),
    ),
}


@pytest.mark.parametrize("check", _MUTANTS)
def test_without_any_one_of_the_checks_its_case_ends_the_session(
    side: Side, monkeypatch: pytest.MonkeyPatch, check: str
) -> None:
    """So the test of the hostile tokens can fail."""
    case, function, change = _MUTANTS[check]
    mutate(monkeypatch, function, change)
    assert side.send(side.token(**_HOSTILE[case](side))) == 200
    assert not side.is_in


@pytest.mark.parametrize("wrong", ["", "x", "a.b.c", "\x00", "e" * 20_000])
def test_s11_rubbish_is_refused(site: Client, wrong: str) -> None:
    assert send(wrong).status_code == 400
    assert is_in(site)


def test_a13_a_token_of_the_other_client_is_refused(side: Side) -> None:
    others = token(side.provider, client=f"dezky-{side.other}", email=_OPERATOR)
    assert side.send(others) == 400
    assert send(side.token(), client=side.other).status_code == 400
    assert side.is_in


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


def test_without_the_look_at_its_jti_a_replayed_token_ends_the_next_session(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test of the replay can fail."""
    monkeypatch.setattr(
        "accounts.views.back_channel.SeenLogoutToken.objects.create",
        lambda **words: SeenLogoutToken(**words, seen_at=timezone.now()),
    )
    replayed = side.token()
    assert side.send(replayed) == 200
    side.sign_in()
    assert side.send(replayed) == 200
    assert not side.is_in


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
