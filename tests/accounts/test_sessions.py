"""Lifetimes, sign-out, and what cookies and the database hold (S1 to S3, S9, S10)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.clients import get_client
from accounts.models import OIDCSession
from tests.accounts.flow import sign_in as through_provider
from tests.contract.identity_browser import IdentityProvider
from tests.factories import OIDCSessionFactory, UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("client", "page", "changes", "is_alive"),
    [
        ("portal", "/me/", {"last_seen_at": timedelta(hours=7, minutes=59)}, True),
        ("portal", "/me/", {"last_seen_at": timedelta(hours=8, minutes=1)}, False),
        ("portal", "/me/", {"created_at": timedelta(days=6, hours=23)}, True),
        ("portal", "/me/", {"created_at": timedelta(days=7, minutes=1)}, False),
        ("operator", "/operator/", {"last_seen_at": timedelta(minutes=29)}, True),
        ("operator", "/operator/", {"last_seen_at": timedelta(minutes=31)}, False),
        ("operator", "/operator/", {"created_at": timedelta(hours=7, minutes=59)}, True),
        ("operator", "/operator/", {"created_at": timedelta(hours=8, minutes=1)}, False),
    ],
)
def test_s2_sessions_end_when_idle_and_when_old(
    sign_in: SignIn, client: str, page: str, changes: dict[str, timedelta], is_alive: bool
) -> None:
    times = {name: timezone.now() - age for name, age in changes.items()}
    browser = sign_in(UserFactory(is_platform_admin=True), client, **times)
    assert browser.get(page).status_code == (200 if is_alive else 302)


def test_use_keeps_a_session_alive(sign_in: SignIn) -> None:
    browser = sign_in(UserFactory(), last_seen_at=timezone.now() - timedelta(hours=7))
    browser.get("/me/")
    assert timezone.now() - OIDCSession.objects.get().last_seen_at < timedelta(minutes=1)


def test_s3_a_person_who_is_switched_off_is_out_at_the_next_request(sign_in: SignIn) -> None:
    user = UserFactory()
    browser = sign_in(user)
    assert browser.get("/me/").status_code == 200
    user.is_active = False
    user.save()
    assert browser.get("/me/").status_code == 302


def test_a_session_of_one_client_is_none_of_the_other(sign_in: SignIn) -> None:
    browser = sign_in(UserFactory(is_platform_admin=True))
    browser.cookies[get_client("operator").cookie_name] = browser.cookies[get_client("portal").cookie_name].value
    assert browser.get("/operator/")["Location"].startswith("/oidc/operator/login/")


def test_s9_the_database_holds_no_token_in_plain_text() -> None:
    OIDCSessionFactory()
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_oidcsession::text FROM accounts_oidcsession")
        (row,) = cursor.fetchone()
    assert "canary" not in row
    assert OIDCSession.objects.get().refresh_token == "canary-refresh-token"


def test_s1_cookies_are_bound_to_the_host_under_https(sign_in: SignIn, settings: Settings) -> None:
    settings.IS_HTTPS = settings.SESSION_COOKIE_SECURE = True
    browser = sign_in(UserFactory())
    answer = browser.get("/me/", secure=True)
    assert answer.status_code == 200
    store = browser.session
    assert store is not None
    login = Client().get("/oidc/portal/login/", secure=True)
    for cookie in [*answer.cookies.values(), *login.cookies.values()]:
        if cookie.key.endswith("-portal"):
            assert cookie.key == "__Host-dezky-portal"
            flags = [cookie[name] for name in ("secure", "httponly", "samesite", "path", "domain")]
            assert flags == [True, True, "Lax", "/", ""]


class TestSignOut:
    """S10."""

    def test_it_ends_the_session_here_the_tokens_and_the_providers_session(self, provider: IdentityProvider) -> None:
        site = Client(raise_request_exception=False)
        through_provider(site, provider, "owner@acme.test")
        tokens = OIDCSession.objects.get()
        refresh_token, access_token = tokens.refresh_token, tokens.access_token
        answer = site.post("/oidc/portal/logout/")
        assert answer.status_code == 303
        assert answer["Location"].startswith(f"{provider.url}/application/o/dezky-portal/end-session/?")
        assert "id_token_hint=" in answer["Location"]
        assert site.get("/me/").status_code == 302
        assert provider.refresh(refresh_token).status == 400
        assert provider.userinfo(access_token).status == 401
        ended = OIDCSession.objects.get()
        assert (ended.refresh_token, ended.access_token, ended.id_token) == ("", "", "")

    def test_it_works_with_the_provider_away(self, provider: IdentityProvider, settings: Settings) -> None:
        settings.OIDC_CLIENTS["portal"]["sign_out_url"] = flow = f"{provider.url}/if/flow/dezky-portal-sign-out/"
        site = Client(raise_request_exception=False)
        through_provider(site, provider, "owner@acme.test")
        provider.control("down")
        answer = site.post("/oidc/portal/logout/")
        assert (answer.status_code, answer["Location"]) == (303, "/oidc/portal/signed-out/?away=1")
        assert OIDCSession.objects.get().ended_at is not None
        assert site.get("/me/").status_code == 302
        page = site.get(answer["Location"]).content.decode()
        assert "its own session may still be open" in page
        assert "here and at the sign-in service" not in page
        assert f'href="{flow}"' in page

    def test_it_works_without_a_session(self, provider: IdentityProvider) -> None:
        assert Client().post("/oidc/portal/logout/").status_code == 303

    def test_a_link_cannot_do_it(self, sign_in: SignIn) -> None:
        browser = sign_in(UserFactory())
        assert browser.get("/oidc/portal/logout/").status_code == 405
        assert browser.get("/me/").status_code == 200

    def test_a_foreign_page_cannot_do_it(self, sign_in: SignIn) -> None:
        browser = sign_in(UserFactory(), browser=Client(enforce_csrf_checks=True, raise_request_exception=False))
        assert browser.post("/oidc/portal/logout/").status_code == 403
        assert browser.get("/me/").status_code == 200

    def test_a_configured_flow_is_preferred(self, provider: IdentityProvider, settings: Settings) -> None:
        flow = f"{provider.url}/if/flow/dezky-portal-sign-out/"
        settings.OIDC_CLIENTS["portal"]["sign_out_url"] = flow
        site = Client()
        through_provider(site, provider, "owner@acme.test")
        assert site.post("/oidc/portal/logout/")["Location"] == flow
