"""Headers of every answer, errors included (H1, H2)."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.factories import UserFactory
from tests.fixtures.people import SignIn

pytestmark = pytest.mark.django_db
PATHS = [
    "/",
    "/me/",
    "/admin/",
    "/admin/nobodys/",
    "/partner/",
    "/operator/",
    "/operator/not-authorised/",
    "/support/",
    "/oidc/portal/callback/",
    "/oidc/portal/signed-out/",
    "/session/done/",
    "/api/v1/me",
    "/api/v1/nothing",
    "/api/docs/",
    "/api/schema/",
    "/healthz",
    "/readyz",
    "/nothing",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_h1_h2_every_answer_is_guarded_and_private(sign_in: SignIn, path: str, is_signed_in: bool) -> None:
    browser = sign_in(UserFactory()) if is_signed_in else Client(raise_request_exception=False)
    answer = browser.get(path)
    assert answer.status_code < 500
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
    assert answer["Cache-Control"] == "private, no-store"
    assert {"Cookie", "HX-Request"} <= set(answer["Vary"].split(", "))
    assert answer["X-Request-Id"].startswith("req_")
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert "unsafe" not in policy["script-src"]


def test_h1_the_policy_stands_on_a_500_and_a_503_too(sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = sign_in(UserFactory())
    for error, status in ((ZeroDivisionError, 500), (TimeoutError, 500)):

        def broken(*_args: object, error: type[Exception] = error) -> None:
            raise error

        monkeypatch.setattr("tenant_portal.views.render", broken)
        answer = browser.get("/me/")
        assert answer.status_code == status
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"


def test_h1_hsts_is_sent_under_https(sign_in: SignIn, settings: Settings) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    answer = Client().get("/healthz", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
