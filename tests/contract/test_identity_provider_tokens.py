"""The identity stand-in's tokens are authentik's, renewed and refused as authentik does."""

from __future__ import annotations

import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from devstack.people import PEOPLE

from .identity_browser import SECRETS, Browser, unverified

OPERATOR = "operator@dezky.test"
ADMIN = "admin@acme.test"
PERSON = {person.email: person for person in PEOPLE}
COMMON = {"acr", "amr", "aud", "auth_time", "exp", "iat", "iss", "sid", "sub"}
PROFILE = {"name", "given_name", "preferred_username", "nickname", "groups"}
EMAIL = {"email", "email_verified"}


def test_access_token_is_an_rs256_jwt_for_one_hour(browser: Browser) -> None:
    answer = browser.tokens(ADMIN)
    claims = browser.provider.verify(answer["access_token"])

    assert set(claims) == COMMON | PROFILE | EMAIL | {"azp", "uid", "scope", "jti"}
    assert (claims["aud"], claims["azp"]) == ("dezky-portal", "dezky-portal")
    assert claims["iss"] == browser.provider.issuer("dezky-portal")
    assert claims["scope"] == "openid profile email offline_access dezky:api"
    assert claims["acr"] == "goauthentik.io/providers/oauth2/default"
    assert claims["exp"] - claims["iat"] == answer["expires_in"] == 3600
    assert answer["token_type"] == "Bearer"


def test_id_token_has_the_access_tokens_aud_and_typ_but_neither_scope_nor_azp(browser: Browser) -> None:
    answer = browser.tokens(ADMIN)
    claims = browser.provider.verify(answer["id_token"])
    half = hashlib.sha256(answer["access_token"].encode()).digest()[:16]

    assert set(claims) == COMMON | PROFILE | EMAIL | {"nonce", "at_hash"}
    assert claims["sub"] == PERSON[ADMIN].sub
    assert claims["nonce"] == "nonce-1"
    assert claims["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()
    headers = [jwt.get_unverified_header(answer[name]) for name in ("id_token", "access_token")]
    assert [header["typ"] for header in headers] == ["JWT", "JWT"]
    assert claims["aud"] == "dezky-portal"


def test_groups_come_with_profile_and_the_email_is_never_verified(browser: Browser) -> None:
    provider = browser.provider
    plain = provider.verify(browser.tokens(ADMIN, scope="openid")["id_token"])
    profile = provider.verify(browser.tokens(ADMIN, scope="openid profile")["id_token"])
    email = provider.verify(browser.tokens(ADMIN, scope="openid email")["id_token"])

    assert set(plain) == COMMON | {"nonce", "at_hash"}
    assert set(profile) - set(plain) == PROFILE
    assert profile["groups"] == ["dezky-tenant-acme-admins"]
    assert {name: email[name] for name in EMAIL} == {"email": ADMIN, "email_verified": False}


def test_refresh_token_is_opaque_and_only_given_with_offline_access(browser: Browser) -> None:
    assert "refresh_token" not in browser.tokens(ADMIN, scope="openid profile")
    assert browser.tokens(ADMIN)["refresh_token"].count(".") == 0


def test_unknown_scopes_are_dropped(browser: Browser) -> None:
    assert browser.tokens(ADMIN, scope="openid dezky:api root")["scope"] == "openid dezky:api"


def test_code_is_good_once(browser: Browser) -> None:
    code = browser.code(ADMIN)
    assert browser.provider.redeem(code).status == 200

    again = browser.provider.redeem(code)
    assert (again.status, again.json["error"]) == (400, "invalid_grant")


def test_code_is_good_for_one_minute(browser: Browser) -> None:
    code = browser.code(ADMIN)
    browser.provider.control("skew", seconds=61)

    answer = browser.provider.redeem(code)
    assert (answer.status, answer.json["error"]) == (400, "invalid_grant")


def test_code_is_bound_to_client_redirect_uri_and_verifier(browser: Browser) -> None:
    provider = browser.provider
    code = browser.code(OPERATOR)

    for answer in (
        provider.redeem(code, "dezky-operator"),
        provider.redeem(code, redirect_uri="http://localhost/other"),
        provider.redeem(code, code_verifier="w" * 64),
        provider.redeem(code, code_verifier=""),
    ):
        assert (answer.status, answer.json["error"]) == (400, "invalid_grant")
    assert provider.redeem(code).status == 200


def test_clients_authenticate_by_basic_or_post(browser: Browser) -> None:
    provider = browser.provider
    form = {"grant_type": "refresh_token", "refresh_token": browser.tokens(ADMIN)["refresh_token"]}
    body = "&".join(f"{name}={value}" for name, value in form.items())
    for secret, status in (("wrong", 400), ("portal-secret", 200)):
        own = f"{body}&client_id=dezky-portal&client_secret={secret}"
        answer = provider.request("POST", "/application/o/token/", own)
        assert answer.status == status
    refused = provider.request("POST", "/application/o/token/", body)
    assert (refused.status, refused.json["error"]) == (400, "invalid_client")
    assert provider.call("token", "dezky-portal", grant_type="password").json["error"] == "unsupported_grant_type"


def test_refresh_rotates_and_reuse_is_refused_without_revoking_the_family(browser: Browser) -> None:
    provider = browser.provider
    first = browser.tokens(ADMIN)
    second = provider.refresh(first["refresh_token"]).json
    assert second["refresh_token"] != first["refresh_token"]

    reuse = provider.refresh(first["refresh_token"])
    assert (reuse.status, reuse.json["error"]) == (400, "invalid_grant")
    assert provider.refresh(second["refresh_token"]).status == 200
    assert provider.userinfo(first["access_token"]).status == 200


def test_refresh_by_many_at_once_succeeds_once(browser: Browser) -> None:
    token = browser.tokens(ADMIN)["refresh_token"]
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: browser.provider.refresh(token).status, range(8)))

    assert sorted(statuses) == [200] + [400] * 7


def test_refreshed_id_token_has_no_nonce_and_keeps_sid_and_auth_time(browser: Browser) -> None:
    provider = browser.provider
    first = browser.tokens(ADMIN)
    before = provider.verify(first["id_token"])
    after = provider.verify(provider.refresh(first["refresh_token"]).json["id_token"])

    assert set(before) - set(after) == {"nonce"}
    assert {name: after[name] for name in ("sub", "sid", "auth_time", "amr")} == {
        name: before[name] for name in ("sub", "sid", "auth_time", "amr")
    }


def test_refresh_token_lives_thirty_days(browser: Browser) -> None:
    provider = browser.provider
    tokens = browser.tokens(ADMIN)
    provider.control("skew", seconds=30 * 86_400 + 5)

    assert provider.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_refresh_is_bound_to_its_client_and_scope(browser: Browser) -> None:
    token = browser.tokens(OPERATOR, scope="openid offline_access")["refresh_token"]

    assert browser.provider.refresh(token, "dezky-operator").json["error"] == "invalid_grant"
    assert browser.provider.refresh(token, scope="openid profile").json["error"] == "invalid_scope"
    assert browser.provider.refresh(token).status == 200


def test_removed_from_group_the_refresh_succeeds_and_only_new_answers_know(browser: Browser) -> None:
    provider = browser.provider
    first = browser.tokens(OPERATOR, "dezky-operator")
    provider.control("groups", email=OPERATOR, groups=["dezky-support"])

    assert provider.userinfo(first["access_token"]).json["groups"] == ["dezky-support"]
    old = provider.introspect(first["access_token"], "dezky-operator")
    assert old["groups"] == ["dezky-platform-admins"]
    renewed = provider.refresh(first["refresh_token"], "dezky-operator")
    assert renewed.status == 200
    claims = provider.verify(renewed.json["id_token"], "dezky-operator")
    assert claims["groups"] == ["dezky-support"]


def test_deactivated_refresh_is_invalid_grant_and_userinfo_401(browser: Browser) -> None:
    provider = browser.provider
    tokens = browser.tokens(ADMIN)
    provider.control("deactivate", email=ADMIN)

    refused = provider.refresh(tokens["refresh_token"])
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    assert provider.userinfo(tokens["access_token"]).status == 401
    assert not browser.is_signed_in
    login = browser.authorize().location
    assert "Failed to authenticate." in browser.send("POST", login, username=ADMIN).text
    provider.control("activate", email=ADMIN)
    assert provider.userinfo(tokens["access_token"]).status == 200


def test_after_a_new_sign_in_the_older_refresh_tokens_id_token_has_no_amr(browser: Browser) -> None:
    provider = browser.provider
    tokens = browser.tokens(OPERATOR)
    browser.code(OPERATOR, "dezky-operator", max_age="1")

    renewed = provider.verify(provider.refresh(tokens["refresh_token"]).json["id_token"])
    assert set(provider.verify(tokens["id_token"])) - set(renewed) == {"nonce", "amr"}


def test_userinfo_answers_the_scopes_of_the_token_and_refuses_others(browser: Browser) -> None:
    provider = browser.provider
    tokens = browser.tokens(ADMIN)
    person = PERSON[ADMIN]

    assert provider.userinfo(tokens["access_token"]).json == {
        "sub": person.sub,
        "email": ADMIN,
        "email_verified": False,
        "name": person.name,
        "given_name": person.name,
        "preferred_username": ADMIN,
        "nickname": ADMIN,
        "groups": ["dezky-tenant-acme-admins"],
    }
    for wrong in (tokens["id_token"], tokens["refresh_token"], "nonsense"):
        refused = provider.userinfo(wrong)
        assert refused.status == 401
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


def test_introspection_describes_own_live_tokens_only(browser: Browser) -> None:
    provider = browser.provider
    tokens = browser.tokens(OPERATOR)

    live = provider.introspect(tokens["access_token"])
    assert (live["active"], live["client_id"], live["sub"]) == (True, "dezky-portal", PERSON[OPERATOR].sub)
    assert provider.introspect(tokens["refresh_token"])["active"] is True
    assert provider.introspect(tokens["access_token"], "dezky-operator") == {"active": False}
    provider.control("skew", seconds=3601)
    assert provider.introspect(tokens["access_token"]) == {"active": False}


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_revoked_token_is_dead_and_its_sibling_is_not(browser: Browser, kind: str) -> None:
    provider = browser.provider
    tokens = browser.tokens(OPERATOR)
    sibling = {"access_token": "refresh_token", "refresh_token": "access_token"}[kind]

    assert provider.call("revoke", "dezky-operator", token=tokens[kind]).status == 200
    assert provider.introspect(tokens[kind])["active"] is True
    assert provider.call("revoke", "dezky-portal", token=tokens[kind]).status == 200
    assert provider.introspect(tokens[kind]) == {"active": False}
    assert provider.introspect(tokens[sibling])["active"] is True
    assert provider.call("revoke", "dezky-portal", token="unknown").status == 200


def test_tokens_follow_the_host_header(browser: Browser) -> None:
    token = browser.tokens(ADMIN)["refresh_token"]
    body = f"grant_type=refresh_token&refresh_token={token}&client_id=dezky-portal"
    body += f"&client_secret={SECRETS['dezky-portal']}"
    answer = browser.provider.request("POST", "/application/o/token/", body, {"Host": "other.test"})

    assert unverified(answer.json["id_token"])["iss"] == "http://other.test/application/o/dezky-portal/"
