"""Lifetimes, sign-out, and what cookies and the database hold (S1 to S3, S9, S10)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import authentik
from accounts.clients import get_client
from accounts.models import OIDCSession
from tenants.models import AuditEvent
from tenants.scope import operator_scope
from tenants.services import people
from tests.accounts.flow import sign_in as through_provider
from tests.contract.identity_browser import IdentityProvider
from tests.factories import MembershipFactory, OIDCSessionFactory, UserFactory
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


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/session/refresh/?client=operator", {}),
        ("GET", "/operator/gates/", {"X-Dezky-Unattended": "1"}),
    ],
)
def test_s2_what_a_page_does_by_itself_is_no_use_of_the_session(
    sign_in: SignIn, method: str, path: str, headers: dict[str, str]
) -> None:
    """A page that follows something, or waits for the sign-in service, would keep an idle session alive for hours."""
    then = timezone.now() - timedelta(minutes=20)
    browser = sign_in(UserFactory(is_platform_admin=True), "operator", last_seen_at=then)
    assert browser.generic(method, path, headers=headers).status_code in (200, 204)
    assert OIDCSession.objects.get().last_seen_at == then
    assert browser.get("/operator/gates/").status_code == 200
    assert OIDCSession.objects.get().last_seen_at > then


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


@pytest.mark.parametrize("value", ['"aaaaaaaa\\000"', "short", "A" * 32, "a" * 5000, "\u00e4" * 32, '"\\377\\000"', ""])
@pytest.mark.parametrize("client", ["portal", "operator"])
def test_a_cookie_that_no_session_has_is_nobody_s(client: str, value: str) -> None:
    """A quoted cookie can carry any byte, also those that the database can't be asked about."""
    browser = Client(raise_request_exception=False)
    path = "/operator/" if client == "operator" else "/me/"
    answer = browser.get(path, headers={"cookie": f"{get_client(client).cookie_name}={value}"})
    assert (answer.status_code, answer.headers.get("Location")) == (
        302,
        f"/oidc/{client}/login/?next={quote_plus(path)}",
    )


def test_l1_a_refused_path_with_a_null_byte_is_told_to_the_log(sign_in: SignIn) -> None:
    browser = sign_in(UserFactory())
    assert browser.get("/support/tenants/%00/").status_code == 403
    with operator_scope():
        assert AuditEvent.objects.get(action="access:page:refuse").object_label == "/support/tenants//"


def test_s10_a8_a_provider_that_drips_holds_a_sign_out_no_longer_than_one_deadline(provider: IdentityProvider) -> None:
    """Revocation and the way to the provider's sign-out share it."""
    site = Client(raise_request_exception=False)
    through_provider(site, provider, "owner@acme.test")
    authentik.cache.clear()
    provider.control("drip", bytes_per_second=40)
    began = time.monotonic()
    answer = site.post("/oidc/portal/logout/")
    assert time.monotonic() - began < 6
    assert (answer.status_code, answer["Location"]) == (303, "/oidc/portal/signed-out/?away=1")
    assert site.get("/me/").status_code == 302


def test_s1_the_cookie_that_tells_why_is_secure_where_the_others_are(sign_in: SignIn, settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    cookie = sign_in(UserFactory(), "operator").post("/operator/not-authorised/").cookies["dezky-signed-out"]
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")


def test_h3_a_form_with_an_old_token_is_refused_and_its_page_told_whose_session_it_is(sign_in: SignIn) -> None:
    """So that a page of the same person can send it once more, and nobody else's can."""
    person = UserFactory()
    browser = sign_in(person, browser=Client(enforce_csrf_checks=True))
    answer = browser.post("/session/refresh/", headers={"X-CSRFToken": "a" * 64})
    assert (answer.status_code, answer["X-Dezky-Person"]) == (403, str(person.pk))
    assert "This page is too old to be sent" in answer.content.decode()
    assert browser.post("/session/refresh/", headers={"X-CSRFToken": answer["X-CSRF-Token"]}).status_code == 204
    stranger = Client(enforce_csrf_checks=True).post("/me/sessions/everywhere/")
    assert (stranger.status_code, stranger["X-Dezky-Person"]) == (403, "")


def test_a_write_that_is_overtaken_by_a_sign_in_of_its_browser_keeps_its_answer(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sign-in has changed the session's key: Django would answer 400 to what has been applied."""
    member = MembershipFactory(role="member", source="invited")
    admin = MembershipFactory(role="admin", tenant=member.tenant)
    browser = sign_in(admin.user)
    real = people.change_role

    def overtaken(**words: Any) -> Any:
        Session.objects.all().delete()
        return real(**words)

    monkeypatch.setattr(people, "change_role", overtaken)
    path = reverse("tenants:person-role", kwargs={"slug": member.tenant.slug, "membership_id": member.pk})
    answer = browser.post(path, {"role": "admin"}, headers={"HX-Request": "true"})
    assert (answer.status_code, get_client("portal").cookie_name in answer.cookies) == (204, False)
    with operator_scope():
        member.refresh_from_db()
    assert member.role == "admin"
