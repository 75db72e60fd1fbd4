"""The identity stand-in signs people in as authentik 2025.12 was measured to."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from .identity_browser import CALLBACK, LOGIN_PATH, PARAMETERS, Browser, IdentityProvider, unverified

OPERATOR = "operator@dezky.test"
MEMBER = "member@acme.test"


def test_discovery_follows_the_host_header(identity_provider: IdentityProvider) -> None:
    for host in (f"127.0.0.1:{identity_provider.port}", "id.example.test:8443"):
        for client_id in ("dezky-portal", "dezky-operator"):
            issuer = f"http://{host}/application/o/{client_id}/"
            path = f"/application/o/{client_id}/.well-known/openid-configuration"
            document = identity_provider.get(path, Host=host).json

            assert {name: value for name, value in document.items() if str(value).startswith("http")} == {
                "issuer": issuer,
                "authorization_endpoint": f"http://{host}/application/o/authorize/",
                "token_endpoint": f"http://{host}/application/o/token/",
                "userinfo_endpoint": f"http://{host}/application/o/userinfo/",
                "introspection_endpoint": f"http://{host}/application/o/introspect/",
                "revocation_endpoint": f"http://{host}/application/o/revoke/",
                "end_session_endpoint": f"{issuer}end-session/",
                "jwks_uri": f"{issuer}jwks/",
            }


def test_jwks_carries_a_signing_key_and_an_encryption_key_under_another_kid(
    identity_provider: IdentityProvider,
) -> None:
    path = "/application/o/dezky-portal/jwks/"
    keys = identity_provider.get(path).json["keys"]

    assert [(key["use"], key["alg"], key["kty"]) for key in keys] == [
        ("enc", "RSA-OAEP-256", "RSA"),
        ("sig", "RS256", "RSA"),
    ]
    assert keys[0]["kid"] != keys[1]["kid"]

    identity_provider.control("encryption_key", kid="same")
    keys = identity_provider.get(path).json["keys"]
    assert keys[0]["kid"] == keys[1]["kid"]

    identity_provider.control("encryption_key", kid="none")
    assert [key["use"] for key in identity_provider.get(path).json["keys"]] == ["sig"]


def test_authorize_without_a_session_goes_to_the_sign_in_page_and_back(browser: Browser) -> None:
    answer = browser.authorize()
    target = urlsplit(answer.location)

    assert target.path == LOGIN_PATH
    next_url = dict(parse_qsl(target.query))["next"]
    assert urlsplit(next_url).path == "/application/o/authorize/"
    assert dict(parse_qsl(urlsplit(next_url).query))["nonce"] == "nonce-1"

    signed_in = browser.send("POST", answer.location, username=MEMBER)
    assert signed_in.location == next_url
    callback = browser.get(next_url)
    assert callback.location.split("?")[0] == CALLBACK
    assert list(callback.location_query) == ["code", "state"]
    assert callback.location_query["state"] == "state-1"


def test_sign_in_page_lists_the_people_of_the_demo_without_script(browser: Browser) -> None:
    page = browser.get(browser.authorize().location)

    assert page.status == 200
    assert page.text.count('name="username"') == 14
    assert f'value="{MEMBER}"' in page.text
    assert "Demo stand-in for authentik" in page.text
    assert "<script" not in page.text


def test_unknown_user_sees_the_page_again_with_200_and_an_error(browser: Browser) -> None:
    page = browser.send("POST", browser.authorize().location, username="who@stray.test")

    assert (page.status, page.headers["Set-Cookie"]) == (200, None)
    assert "Failed to authenticate." in page.text
    assert "who@stray.test" not in page.text


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test/", "/\\evil.test/", "javascript:alert(1)", "/a\r\nX: y", ""]
)
def test_next_leads_nowhere_but_to_a_path_of_the_same_origin(browser: Browser, target: str) -> None:
    answer = browser.send("POST", f"{LOGIN_PATH}?next={quote(target)}", username=MEMBER)

    assert answer.location == "/if/user/"


def test_existing_session_gives_a_code_at_once_and_both_clients_share_its_sid(browser: Browser) -> None:
    portal = browser.tokens(OPERATOR)
    answer = browser.authorize("dezky-operator")
    provider = browser.provider
    operator = provider.redeem(answer.location_query["code"], "dezky-operator").json

    at_portal = provider.verify(portal["id_token"])
    at_operator = provider.verify(operator["id_token"], "dezky-operator")
    assert at_portal["sid"] == at_operator["sid"]
    assert at_portal["sub"] == at_operator["sub"]
    assert at_portal["iss"] != at_operator["iss"]


def test_prompt_none_gives_a_code_with_a_session_and_login_required_without(browser: Browser) -> None:
    assert browser.authorize(prompt="none").location_query == {
        "error": "login_required",
        "error_description": "The Authorization Server requires End-User authentication",
        "state": "state-1",
    }
    browser.code(MEMBER)
    assert list(browser.authorize(prompt="none").location_query) == ["code", "state"]


def test_prompt_login_asks_again_once_a_session(browser: Browser) -> None:
    browser.code(MEMBER)

    first = browser.authorize(prompt="login")
    assert first.location.startswith(LOGIN_PATH)
    assert "code" in browser.choose(first.location, MEMBER).location_query
    assert "code" in browser.authorize(prompt="login").location_query


def test_max_age_zero_is_ignored(browser: Browser) -> None:
    browser.code(MEMBER)
    assert "code" in browser.authorize(max_age="0").location_query


def test_max_age_asks_again_and_moves_auth_time(browser: Browser) -> None:
    provider = browser.provider
    before = provider.verify(browser.tokens(MEMBER)["id_token"])
    provider.control("skew", seconds=60)

    assert "code" in browser.authorize(max_age="120").location_query
    answer = browser.authorize(max_age="30")
    assert answer.location.startswith(LOGIN_PATH)
    code = browser.choose(answer.location, MEMBER).location_query["code"]
    after = unverified(provider.redeem(code).json["id_token"])
    assert after["auth_time"] - before["auth_time"] >= 60
    assert after["sid"] == before["sid"]


def test_max_age_with_prompt_none_shows_a_page(browser: Browser) -> None:
    browser.code(MEMBER)
    browser.provider.control("skew", seconds=60)

    assert browser.authorize(max_age="30", prompt="none").location.startswith(LOGIN_PATH)


def test_password_only_session_bypasses_the_second_factor_until_max_age_1(browser: Browser) -> None:
    provider = browser.provider
    browser.code(OPERATOR)

    bypassed = browser.tokens(OPERATOR, "dezky-operator")
    assert provider.verify(bypassed["id_token"], "dezky-operator")["amr"] == ["pwd"]
    stepped_up = browser.tokens(OPERATOR, "dezky-operator", max_age="1")
    claims = provider.verify(stepped_up["id_token"], "dezky-operator")
    assert claims["amr"] == ["pwd", "mfa"]
    assert claims["acr"] == provider.verify(bypassed["id_token"], "dezky-operator")["acr"]


def test_operator_signing_in_first_has_the_second_factor(browser: Browser) -> None:
    tokens = browser.tokens(OPERATOR, "dezky-operator")

    assert browser.provider.verify(tokens["id_token"], "dezky-operator")["amr"] == ["pwd", "mfa"]


@pytest.mark.parametrize("prompt", ["", "none", "login"])
def test_denied_person_stays_on_the_provider(browser: Browser, prompt: str) -> None:
    browser.code(MEMBER)
    page = browser.authorize("dezky-operator", prompt=prompt)

    assert (page.status, page.headers["Location"]) == (200, None)
    assert "<title>Permission denied - authentik</title>" in page.text


def test_pkce_is_demanded_with_s256(browser: Browser) -> None:
    browser.code(MEMBER)
    for changes in (
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": ""},
    ):
        query = browser.authorize(**changes).location_query
        assert (query["error"], query["state"]) == ("invalid_request", "state-1")


def test_redirect_uri_is_compared_strictly(browser: Browser) -> None:
    site = browser.provider.site_url
    browser.code(OPERATOR)

    for client_id, name in (("dezky-portal", "portal"), ("dezky-operator", "operator")):
        own = f"{site}/oidc/{name}/callback/"
        assert browser.authorize(client_id, redirect_uri=own).location.split("?")[0] == own
    for foreign in (f"{site}/oidc/operator/callback/", f"{site}/oidc/portal/callback", f"{CALLBACK}?a=b", ""):
        refused = browser.authorize(redirect_uri=foreign)
        assert (refused.status, refused.headers["Location"]) == (400, None)
        assert "<title>Redirect URI Error - authentik</title>" in refused.text


def test_unknown_client_and_unsupported_requests_are_refused(browser: Browser) -> None:
    unknown = browser.authorize("dezky-nobody")
    assert (unknown.status, unknown.headers["Location"]) == (400, None)
    assert browser.authorize(response_type="token").location_query["error"] == "unsupported_response_type"
    assert browser.authorize(request="e30").location_query["error"] == "request_not_supported"


def test_authorize_takes_a_post_as_well(browser: Browser) -> None:
    browser.code(MEMBER)
    query = PARAMETERS | {"client_id": "dezky-portal"}

    answer = browser.send("POST", "/application/o/authorize/", **query)

    assert list(answer.location_query) == ["code", "state"]


def test_another_person_in_the_same_browser_gets_another_session(browser: Browser) -> None:
    browser.code(MEMBER)
    browser.send("POST", LOGIN_PATH, username=OPERATOR)

    assert browser.provider.control("state")["sessions"] == {OPERATOR: 1}


def test_every_answer_forbids_frames_and_storage(browser: Browser) -> None:
    login = browser.authorize()
    for answer in (login, browser.get(login.location), browser.get("/application/o/dezky-portal/jwks/")):
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cache-Control"] == "no-store"
