"""The identity stand-in signs people out, and stays signed in, as authentik 2025.12 was measured to."""

from __future__ import annotations

import jwt
import pytest

from .identity_browser import LOGIN_PATH, Browser, unverified
from .identity_server import Site

OPERATOR = "operator@dezky.test"
ADMIN = "admin@acme.test"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.mark.parametrize(("client_id", "name"), [("dezky-portal", "portal"), ("dezky-operator", "operator")])
def test_sign_out_flow_ends_the_session_and_returns(browser: Browser, client_id: str, name: str) -> None:
    browser.code(ADMIN)
    answer = browser.get(f"/if/flow/{client_id}-sign-out/")

    assert answer.location == f"{browser.provider.site_url}/oidc/{name}/signed-out/"
    assert not browser.is_signed_in
    assert browser.provider.control("state")["sessions"] == {}


def test_sign_out_flow_returns_in_every_state(browser: Browser, identity_site: Site) -> None:
    path = "/if/flow/dezky-operator-sign-out/"
    signed_out = f"{identity_site.url}/oidc/operator/signed-out/"
    assert browser.get(path).location == signed_out

    browser.code(OPERATOR, "dezky-operator")
    browser.get(browser.authorize(prompt="login").location)
    assert browser.get(path).location == signed_out
    assert not browser.is_signed_in

    browser.code(OPERATOR, "dezky-operator")
    browser.provider.control("groups", email=OPERATOR, groups=[])
    assert browser.get(path).location == signed_out
    assert not browser.is_signed_in


def test_sign_out_sends_backchannel_logout_to_both_applications(browser: Browser, identity_site: Site) -> None:
    provider = browser.provider
    tokens = browser.tokens(OPERATOR)
    browser.tokens(OPERATOR, "dezky-operator")
    sid = provider.verify(tokens["id_token"])["sid"]
    browser.get("/if/flow/dezky-portal-sign-out/")

    notices = identity_site.next_notices(2)
    for notice, name in zip(notices, ("operator", "portal"), strict=True):
        client_id = f"dezky-{name}"
        token = notice.form["logout_token"]
        claims = provider.verify(token, client_id)
        assert notice.path == f"/oidc/{name}/backchannel-logout/"
        assert (list(notice.form), notice.content_type) == (
            ["logout_token"],
            "application/x-www-form-urlencoded",
        )
        assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
        assert set(claims) == {"iss", "aud", "iat", "exp", "jti", "events", "sub", "sid"}
        assert (claims["sid"], claims["events"]) == (sid, {EVENT: {}})
        assert claims["sub"] == provider.verify(tokens["id_token"])["sub"]
    assert len({unverified(notice.form["logout_token"])["jti"] for notice in notices}) == 2


def test_backchannel_logout_goes_only_to_the_clients_of_that_browser(browser: Browser, identity_site: Site) -> None:
    other = Browser(browser.provider)
    other.tokens(OPERATOR, "dezky-operator")
    browser.tokens(OPERATOR)
    browser.get("/if/flow/dezky-operator-sign-out/")

    assert [notice.path for notice in identity_site.next_notices(1)] == ["/oidc/portal/backchannel-logout/"]
    assert other.is_signed_in


def test_no_backchannel_logout_once_the_access_token_has_expired(browser: Browser, identity_site: Site) -> None:
    browser.tokens(OPERATOR)
    browser.provider.control("skew", seconds=3601)
    browser.tokens(OPERATOR, "dezky-operator")
    browser.get("/if/flow/dezky-portal-sign-out/")

    assert [notice.path for notice in identity_site.next_notices(1)] == ["/oidc/operator/backchannel-logout/"]


def test_backchannel_logout_is_tried_again_once_with_the_same_token(browser: Browser, identity_site: Site) -> None:
    identity_site.statuses.append(503)
    browser.tokens(ADMIN)
    browser.get("/if/flow/dezky-portal-sign-out/")

    first, second = identity_site.next_notices(2)
    assert first.form == second.form


def test_ended_by_an_administrator_sends_backchannel_logout_and_deactivation_sends_none(
    browser: Browser, identity_site: Site
) -> None:
    browser.tokens(OPERATOR)
    browser.provider.control("deactivate", email=OPERATOR)
    browser.provider.control("activate", email=OPERATOR)
    browser.tokens(OPERATOR, "dezky-operator")
    assert browser.provider.control("end_sessions", email=OPERATOR)["ended"] == 1

    assert [notice.path for notice in identity_site.next_notices(2)] == [
        "/oidc/operator/backchannel-logout/",
        "/oidc/portal/backchannel-logout/",
    ]
    assert not browser.is_signed_in


def test_refresh_token_survives_the_sign_out(browser: Browser, identity_site: Site) -> None:
    tokens = browser.tokens(ADMIN)
    browser.get("/if/flow/dezky-portal-sign-out/")
    identity_site.next_notices(1)

    renewed = browser.provider.refresh(tokens["refresh_token"])
    assert renewed.status == 200
    claims = browser.provider.verify(renewed.json["id_token"])
    assert {"sid", "amr"} & set(claims) == set()


def test_end_session_returns_to_the_registered_address_only(browser: Browser, identity_site: Site) -> None:
    own = f"{identity_site.url}/oidc/portal/signed-out/"
    path = "/application/o/dezky-portal/end-session/"
    hint = browser.tokens(ADMIN)["id_token"]
    answer = browser.get(f"{path}?id_token_hint={hint}&post_logout_redirect_uri={own}")
    identity_site.next_notices(1)
    assert answer.location == own
    assert not browser.is_signed_in

    hint = browser.tokens(ADMIN)["id_token"]
    foreign = f"{identity_site.url}/oidc/operator/signed-out/"
    page = browser.get(f"{path}?id_token_hint={hint}&post_logout_redirect_uri={foreign}")
    identity_site.next_notices(1)
    assert (page.status, page.headers["Location"]) == (200, None)
    assert "<title>Logout successful - authentik</title>" in page.text
    assert not browser.is_signed_in


def test_end_session_without_a_session_demands_sign_in(browser: Browser) -> None:
    answer = browser.get("/application/o/dezky-portal/end-session/")

    assert answer.location == f"{LOGIN_PATH}?next=%2Fapplication%2Fo%2Fdezky-portal%2Fend-session%2F"


def test_end_session_with_an_unfinished_flow_says_successful_and_stays_signed_in(browser: Browser) -> None:
    browser.code(ADMIN)
    browser.get(browser.authorize(prompt="login").location)
    page = browser.get("/application/o/dezky-portal/end-session/")

    assert (page.status, "Logout successful" in page.text) == (200, True)
    assert browser.is_signed_in


def test_end_session_after_removal_from_the_group_is_denied_and_stays_signed_in(browser: Browser) -> None:
    browser.code(OPERATOR, "dezky-operator")
    browser.provider.control("groups", email=OPERATOR, groups=[])
    page = browser.get("/application/o/dezky-operator/end-session/")

    assert (page.status, "Permission denied" in page.text) == (200, True)
    assert browser.is_signed_in
