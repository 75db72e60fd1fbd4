"""Renewal of tokens (S4 to S7), and what each surface does without it (O3)."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import timezone

from accounts import authentik, services, tokens
from accounts.enums import Renewal
from accounts.models import OIDCSession, Revocation, User
from tests.accounts.flow import sign_in
from tests.contract.identity_browser import IdentityProvider
from tests.factories import TenantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(provider: IdentityProvider) -> Client:
    """Return a browser in which acme's admin is signed in, with an access token that has run out."""
    site = Client(raise_request_exception=False)
    sign_in(site, provider, "admin@acme.test")
    expire()
    return site


def expire() -> None:
    OIDCSession.objects.update(access_expires_at=timezone.now() - timedelta(seconds=1), renewal_failed_at=None)


def session() -> OIDCSession:
    return OIDCSession.objects.get()


def test_s7_an_expired_token_is_renewed_in_the_request(site: Client, provider: IdentityProvider) -> None:
    before = session().refresh_token
    assert site.get("/me/").status_code == 200
    assert session().refresh_token != before
    assert session().access_expires_at > timezone.now()
    assert provider.control("counts")["counts"]["token:refresh_token"] == 1


def test_s4_whoever_waited_finds_the_work_done(site: Client, provider: IdentityProvider) -> None:
    late = session()
    assert tokens.renew_if_due(session()) is Renewal.RENEWED
    assert tokens.renew_if_due(late) is Renewal.RENEWED
    assert provider.control("counts")["counts"]["token:refresh_token"] == 1


def test_s6_a_refusal_ends_the_session_and_wipes_its_tokens(site: Client, provider: IdentityProvider) -> None:
    provider.control("revoke", email="admin@acme.test")
    answer = site.get("/me/")
    assert (answer.status_code, answer["Location"]) == (302, "/oidc/portal/login/?next=%2Fme%2F")
    assert session().ended_at is not None
    assert (session().refresh_token, session().access_token, session().id_token) == ("", "", "")


@pytest.mark.parametrize(("action", "words"), [("down", {}), ("status", {"code": 502}), ("status", {"code": 429})])
def test_s6_o3_an_outage_signs_nobody_out_and_each_surface_fails_its_way(
    site: Client, provider: IdentityProvider, action: str, words: dict[str, Any]
) -> None:
    provider.control(action, endpoints=["token"], **words)
    assert site.get("/me/").status_code == 200
    assert site.post("/session/refresh/").status_code == 503
    for path in ("/admin/", "/admin/acme/", "/api/v1/tenants/acme"):
        answer = site.get(path)
        assert (path, answer.status_code, answer["Retry-After"]) == (path, 503, "10")
    OIDCSession.objects.update(confirmed_at=timezone.now() - timedelta(minutes=16))
    assert site.get("/me/").status_code == 503
    provider.control("normal")
    OIDCSession.objects.update(renewal_failed_at=None)
    assert site.get("/me/").status_code == 200
    assert session().ended_at is None


def confirmed(*, minutes_ago: int) -> None:
    """Let the access token have most of its hour to go, and the last answer be so old."""
    now = timezone.now()
    OIDCSession.objects.update(
        access_expires_at=now + timedelta(minutes=40), confirmed_at=now - timedelta(minutes=minutes_ago)
    )


@pytest.mark.parametrize(("minutes_ago", "renewals"), [(4, 0), (6, 1)])
def test_a_long_lived_token_is_renewed_every_five_minutes(
    site: Client, provider: IdentityProvider, minutes_ago: int, renewals: int
) -> None:
    """authentik's tokens live for an hour, in which a lost group would go unnoticed."""
    confirmed(minutes_ago=minutes_ago)
    assert (site.get("/me/").status_code, site.get("/me/").status_code) == (200, 200)
    assert provider.control("counts")["counts"].get("token:refresh_token", 0) == renewals


@pytest.mark.parametrize(
    ("minutes_ago", "own", "workspace"), [(4, 200, 200), (6, 200, 503), (14, 200, 503), (16, 503, 503)]
)
def test_o3_the_grace_counts_from_the_last_answer_however_long_a_token_lives(
    site: Client, provider: IdentityProvider, minutes_ago: int, own: int, workspace: int
) -> None:
    site.get("/me/")  # its roles are written
    TenantFactory(slug="acme")
    confirmed(minutes_ago=5)
    assert site.get("/admin/acme/").status_code == 200
    provider.control("down")
    confirmed(minutes_ago=minutes_ago)
    assert (site.get("/me/").status_code, site.get("/admin/acme/").status_code) == (own, workspace)
    assert session().ended_at is None


def test_an_outage_is_asked_about_once_in_ten_seconds(site: Client, provider: IdentityProvider) -> None:
    provider.control("status", code=500, endpoints=["token"])
    for _ in range(5):
        assert site.get("/me/").status_code == 200
    assert provider.control("counts")["counts"]["token:refresh_token"] == 1


def test_an_operator_reads_on_and_writes_wait(provider: IdentityProvider) -> None:
    site = Client(raise_request_exception=False)
    sign_in(site, provider, "operator@dezky.test", "operator")
    expire()
    provider.control("down", endpoints=["token"])
    assert site.get("/operator/tenants/").status_code == 200
    assert site.post("/operator/tenants/").status_code == 503
    User.objects.update(is_platform_admin=False)
    assert site.get("/operator/tenants/")["Location"] == "/operator/not-authorised/"


def test_groups_are_read_again_at_each_renewal(site: Client, provider: IdentityProvider) -> None:
    provider.control("groups", email="admin@acme.test", groups=["dezky-platform-admins"])
    site.get("/me/")
    assert User.objects.get().is_platform_admin
    provider.control("groups", email="admin@acme.test", groups=[])
    expire()
    site.get("/me/")
    assert not User.objects.get().is_platform_admin


def test_s5_a_rotated_token_survives_a_view_that_breaks(
    site: Client, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = session().refresh_token

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("tenant_portal.views.render", broken)
        assert site.get("/me/").status_code == 500
    assert session().refresh_token != before
    expire()
    assert site.get("/me/").status_code == 200


def test_roles_that_cannot_be_written_are_asked_for_again(
    site: Client, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_kwargs: Any) -> None:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(services, "record_identity", broken)
        assert site.get("/admin/").status_code == 503
    assert site.get("/me/").status_code == 200
    assert provider.control("counts")["counts"]["token:refresh_token"] == 2
    assert session().ended_at is None


def test_a_renewal_for_somebody_else_ends_the_session(site: Client, provider: IdentityProvider) -> None:
    provider.control("tamper", token="id", claims={"sub": "somebody-else"})
    assert site.get("/me/").status_code == 302
    assert session().ended_at is not None


def test_refresh_answers_204_with_the_csrf_token_and_401_without_a_session(
    site: Client, provider: IdentityProvider
) -> None:
    answer = site.post("/session/refresh/?client=portal")
    assert (answer.status_code, len(answer["X-CSRF-Token"])) == (204, 64)
    assert site.post("/session/refresh/?client=operator").status_code == 401


def test_htmx_gets_401_and_no_redirect(site: Client, provider: IdentityProvider) -> None:
    """S8."""
    provider.control("revoke", email="admin@acme.test")
    answer = site.get("/me/", headers={"HX-Request": "true"})
    assert (answer.status_code, "Location" in answer) == (401, False)


def _again(site: Client) -> int:
    """Ask once more, after the pause that follows a failure."""
    OIDCSession.objects.update(renewal_failed_at=None)
    status: int = site.get("/me/").status_code
    return status


def test_s6_keys_that_cannot_be_had_at_a_renewal_lose_no_rotated_token(
    site: Client, provider: IdentityProvider
) -> None:
    """The old refresh token is spent by then: whoever drops the new one is signed out by the next renewal."""
    authentik.cache.clear()
    provider.control("down", endpoints=["jwks"])
    assert (site.get("/me/").status_code, site.get("/admin/").status_code) == (200, 503)
    provider.control("normal")
    assert (_again(site), site.get("/admin/").status_code) == (200, 403)  # confirmed again, and no admin
    assert session().ended_at is None
    assert provider.control("counts")["counts"]["token:refresh_token"] == 2


def test_s6_a_key_that_is_not_known_yet_signs_nobody_out(
    site: Client, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys are asked for again once a minute at most (A7), so those of a rotation can be late."""
    (url,) = [url for url in authentik.cache._entries if url.endswith("/jwks/")]
    monkeypatch.setitem(authentik.cache._tried, url, time.monotonic())
    provider.control("rotate_keys")
    assert (site.get("/me/").status_code, site.get("/admin/").status_code) == (200, 503)
    monkeypatch.delitem(authentik.cache._tried, url)
    assert (_again(site), session().ended_at) == (200, None)


@pytest.mark.parametrize(
    "bent",
    [{"alg": "HS256"}, {"claims": {"exp": 1}}, {"claims": {"iat": 1}}, {"claims": {"iat": 4_000_000_000}}],
    ids=["the signing key is gone", "long over", "made long ago", "made in the future"],
)
def test_s6_a_provider_that_signs_or_counts_wrongly_signs_nobody_out(
    site: Client, provider: IdentityProvider, bent: dict[str, Any]
) -> None:
    """It says nothing of the person: within the grace reads go on, and what came is kept until it can be judged."""
    provider.control("tamper", token="id", **bent)
    confirmed_at = session().confirmed_at
    assert (site.get("/me/").status_code, site.get("/admin/").status_code) == (200, 503)
    assert (session().ended_at, session().confirmed_at) == (None, confirmed_at)
    provider.control("reset")
    OIDCSession.objects.update(renewal_failed_at=None)
    assert site.get("/me/").status_code == 200
    assert session().confirmed_at > confirmed_at


def test_s10_the_tokens_of_a_renewal_that_is_rejected_are_given_back(site: Client, provider: IdentityProvider) -> None:
    before = {session().refresh_token, session().access_token}
    provider.control("tamper", token="id", claims={"sub": "somebody-else"})
    assert site.get("/me/").status_code == 302
    waiting = {revocation.token for revocation in Revocation.objects.all()}
    assert len(waiting) == 4
    assert before < waiting


@pytest.mark.parametrize("lifetime", [True, 10**12, 10**20, -1, 0, 3.5, "3600", None, [3600]], ids=str)
def test_an_odd_lifetime_of_a_token_breaks_no_renewal(
    site: Client, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch, lifetime: object
) -> None:
    real = authentik._answer

    def answer(came: Any) -> dict[str, Any]:
        document = real(came)
        return {**document, "expires_in": lifetime} if "expires_in" in document else document

    monkeypatch.setattr(authentik, "_answer", answer)
    assert site.get("/me/").status_code == 200
    left = session().access_expires_at - timezone.now()
    assert timedelta(minutes=4) < left <= timedelta(days=1)


@pytest.mark.parametrize("keys", [None, "keys", [None], ["key"], {"kid": "x"}])
def test_keys_of_another_shape_are_none_and_lose_no_token(
    site: Client, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch, keys: object
) -> None:
    (url,) = [url for url in authentik.cache._entries if url.endswith("/jwks/")]
    with monkeypatch.context() as patch:
        patch.setitem(authentik.cache._entries, url, (time.monotonic(), {"keys": keys}))
        assert site.get("/me/").status_code == 200
    assert (_again(site), session().ended_at) == (200, None)
