"""Bearer tokens at the API (A13, A14, S3)."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.clients import get_client
from accounts.models import User
from tests.contract.identity_browser import Browser, IdentityProvider
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
PLAIN = "openid profile email"


@pytest.fixture
def owner(provider: IdentityProvider) -> User:
    """Return the person of the tokens, who has been to Dezky before."""
    sub = provider.verify(Browser(provider).tokens("owner@acme.test")["access_token"])["sub"]
    return UserFactory(sub=sub, issuer=get_client("portal").identity_issuer, email="owner@acme.test")


def call(token: str, path: str = "/api/v1/me") -> tuple[int, str]:
    answer = Client(raise_request_exception=False).get(path, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer["Content-Type"]


def test_a_token_with_our_scope_is_its_person(provider: IdentityProvider, owner: User) -> None:
    token = Browser(provider).tokens("owner@acme.test")["access_token"]
    answer = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["email"] == "owner@acme.test"


def test_a14_neither_an_id_token_nor_one_without_the_scope_is_a_bearer(provider: IdentityProvider, owner: User) -> None:
    with_scope = Browser(provider).tokens("owner@acme.test")
    without = Browser(provider).tokens("owner@acme.test", scope=PLAIN)
    for token in (with_scope["id_token"], without["access_token"], without["id_token"], "nonsense", ""):
        assert call(token) == (401, "application/problem+json")


def test_a13_each_surface_wants_its_own_audience(provider: IdentityProvider) -> None:
    browser = Browser(provider)
    portal = browser.tokens("operator@dezky.test")["access_token"]
    operator = Browser(provider).tokens("operator@dezky.test", "dezky-operator")["access_token"]
    UserFactory(sub=provider.verify(portal)["sub"], issuer=get_client("portal").identity_issuer, is_platform_admin=True)
    assert [call(token, "/api/v1/operator/tenants")[0] for token in (portal, operator)] == [403, 200]
    assert [call(token, "/api/v1/tenants")[0] for token in (portal, operator)] == [200, 403]


def test_s3_a_person_who_is_switched_off_or_unknown_has_no_token(provider: IdentityProvider, owner: User) -> None:
    token = Browser(provider).tokens("owner@acme.test")["access_token"]
    assert call(token)[0] == 200
    User.objects.update(is_active=False)
    assert call(token)[0] == 401
    User.objects.all().delete()
    assert call(token)[0] == 401


def test_an_expired_or_forged_token_is_401(provider: IdentityProvider, owner: User) -> None:
    for tampering in (
        {"claims": {"exp": 1}},
        {"key": "wrong"},
        {"alg": "none"},
        {"claims": {"iss": "https://evil.test/"}},
    ):
        provider.control("tamper", token="access", **tampering)
        token = Browser(provider).tokens("owner@acme.test")["access_token"]
        assert call(token) == (401, "application/problem+json")


def test_keys_that_cannot_be_had_are_503(provider: IdentityProvider, owner: User) -> None:
    token = Browser(provider).tokens("owner@acme.test")["access_token"]
    provider.control("down", endpoints=["jwks", "discovery"])
    assert call(token) == (503, "application/problem+json")


def test_a15_an_operator_s_token_needs_the_second_factor_and_a_recent_sign_in(provider: IdentityProvider) -> None:
    """authentik gives it to a session with a password alone, too."""
    path, email = "/api/v1/operator/tenants", "operator@dezky.test"
    good = Browser(provider).tokens(email, "dezky-operator")["access_token"]
    sub = provider.verify(good, "dezky-operator")["sub"]
    UserFactory(sub=sub, issuer=get_client("portal").identity_issuer, is_platform_admin=True)
    assert call(good, path)[0] == 200

    password_alone = Browser(provider)
    password_alone.tokens(email)
    assert call(password_alone.tokens(email, "dezky-operator")["access_token"], path)[0] == 401
    for tampering in ({"remove": ["amr"]}, {"remove": ["auth_time"]}, {"claims": {"auth_time": 1}}):
        provider.control("tamper", token="access", **tampering)
        assert call(Browser(provider).tokens(email, "dezky-operator")["access_token"], path)[0] == 401


def test_s12_a_token_renewed_after_the_order_is_still_of_a_sign_in_before_it(
    provider: IdentityProvider, owner: User
) -> None:
    provider.control("tamper", token="access", claims={"auth_time": int(time.time()) - 100})
    token = Browser(provider).tokens("owner@acme.test")["access_token"]
    assert call(token)[0] == 200
    User.objects.update(reauthenticate_after=timezone.now() - timedelta(seconds=50))
    assert call(token)[0] == 401
