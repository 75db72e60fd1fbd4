"""Verification of tokens (A1, A7, A13, A14); what a hostile provider tries is in `test_hostile_provider`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from accounts import authentik
from accounts.authentik import Endpoints, ProviderUnavailable
from accounts.clients import OIDCClient, get_client
from accounts.verification import (
    LOGOUT_EVENT,
    TokenRejected,
    verify_access_token,
    verify_id_token,
    verify_logout_token,
)
from tests.accounts.signing import KEY, OTHER_KEY, at_hash, claims_for, jwks, sign

ACCESS = "an-access-token"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider publish one signing key."""
    monkeypatch.setattr(authentik, "signing_keys", lambda _client, want_kid: jwks())


@pytest.fixture
def client() -> OIDCClient:
    return get_client("portal")


def good(client: OIDCClient, **changes: Any) -> dict[str, Any]:
    return claims_for(client.client_id, client.issuer, **changes)


def test_a_good_token_gives_its_claims(client: OIDCClient) -> None:
    claims = good(client, azp=client.client_id, at_hash=at_hash(ACCESS))
    assert verify_id_token(client, sign(claims), nonce="the-nonce", access_token=ACCESS) == claims


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -30), ("iat", 30)])
def test_a_clock_that_is_off_by_half_a_minute_is_accepted(client: OIDCClient, claim: str, seconds: int) -> None:
    token = sign(good(client, **{claim: int(time.time()) + seconds}))
    assert verify_id_token(client, token, nonce="the-nonce", access_token=ACCESS)["sub"] == "sub-of-the-person"


BAD_SIGNATURES: dict[str, Callable[[dict[str, Any]], str]] = {
    "no kid": lambda claims: sign(claims, kid=None),
    "cut short": lambda claims: sign(claims)[:-8],
    "no token": lambda _claims: "nonsense",
    "empty": lambda _claims: "",
    "too long": lambda claims: sign({**claims, "padding": "x" * 20_000}),
}


@pytest.mark.parametrize("make", BAD_SIGNATURES.values(), ids=BAD_SIGNATURES.keys())
def test_a1_a_bad_signature_is_rejected(client: OIDCClient, make: Callable[[dict[str, Any]], str]) -> None:
    with pytest.raises(TokenRejected):
        verify_id_token(client, make(good(client)), nonce="the-nonce", access_token=ACCESS)


def test_a14_an_access_token_needs_our_scope(client: OIDCClient) -> None:
    token = sign(good(client, scope="openid profile dezky:api"))
    assert verify_access_token(token) == (client, good(client, scope="openid profile dezky:api"))
    for scope in (None, "openid profile", "dezky:apis", ["dezky:api"]):
        with pytest.raises(TokenRejected, match="scope"):
            verify_access_token(sign(good(client, scope=scope)))


def test_a13_the_clients_audience_and_issuer_belong_together(client: OIDCClient) -> None:
    operator = get_client("operator")
    crossed = claims_for(operator.client_id, client.issuer, scope="dezky:api")
    with pytest.raises(TokenRejected):
        verify_access_token(sign(crossed))
    with pytest.raises(TokenRejected, match="aud is not ours"):
        verify_access_token(sign(good(client, aud="somebody-else", scope="dezky:api")))


class TestKeys:
    """A7: keys are cached, an unknown kid asks again at most once a minute, an outage uses the old ones."""

    ENDPOINTS = Endpoints("a", "t", "u", "https://idp.test/jwks", "r", "i", "e")

    @pytest.fixture(autouse=True)
    def fetches(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        monkeypatch.undo()
        fetched: list[str] = []
        self.answer: dict[str, Any] | Exception = jwks()

        def get(url: str) -> dict[str, Any]:
            fetched.append(url)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        monkeypatch.setattr(authentik, "discover", lambda _client: self.ENDPOINTS)
        monkeypatch.setattr(authentik, "_get_json", get)
        return fetched

    def test_known_kids_are_served_from_the_cache(self, client: OIDCClient, fetches: list[str]) -> None:
        for _ in range(3):
            assert authentik.signing_keys(client, want_kid="key-1") == jwks()
        assert fetches == ["https://idp.test/jwks"]

    def test_a_flood_of_unknown_kids_asks_once_a_minute(
        self, client: OIDCClient, fetches: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr("accounts.authentik.time.monotonic", lambda: now[0])
        authentik.signing_keys(client, want_kid="key-1")
        now[0] += 61
        for number in range(20):
            authentik.signing_keys(client, want_kid=f"unknown-{number}")
        assert len(fetches) == 2

    def test_a_rotated_key_is_found(
        self, client: OIDCClient, fetches: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr("accounts.authentik.time.monotonic", lambda: now[0])
        authentik.signing_keys(client, want_kid="key-1")
        self.answer = jwks(key=OTHER_KEY, kid="key-2")
        now[0] += 61
        assert authentik.signing_keys(client, want_kid="key-2") == self.answer
        assert len(fetches) == 2

    def test_an_outage_uses_the_old_keys_for_a_day(
        self, client: OIDCClient, fetches: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = [1000.0]
        monkeypatch.setattr("accounts.authentik.time.monotonic", lambda: now[0])
        authentik.signing_keys(client, want_kid="key-1")
        self.answer = ProviderUnavailable("down")
        now[0] += 23 * 3600
        assert authentik.signing_keys(client, want_kid="key-1") == jwks(key=KEY)
        now[0] += 2 * 3600
        with pytest.raises(ProviderUnavailable):
            authentik.signing_keys(client, want_kid="key-1")


@pytest.mark.parametrize("value", ["nul\x00inside", "half \ud800", "line\nbreak"])
def test_a_subject_that_can_t_be_stored_is_none(client: OIDCClient, value: str) -> None:
    """The provider may say what it likes: the database can't be asked about it."""
    with pytest.raises(TokenRejected):
        verify_id_token(client, sign(good(client, sub=value)), nonce="the-nonce", access_token=ACCESS)


@pytest.mark.parametrize("iat", [str(int(time.time())), True], ids=["text", "truth"])
def test_s11_a_logout_token_s_age_has_to_be_a_number(client: OIDCClient, iat: object) -> None:
    claims = good(client, iat=iat, jti="once", events={LOGOUT_EVENT: {}}, nonce=None)
    with pytest.raises(TokenRejected):
        verify_logout_token(client, sign(claims, typ="logout+jwt"))
