"""Rows of the fault table that need one process alone: keys from the cache, a lost commit, clocks that differ."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.clients import get_client
from accounts.models import OIDCSession, User
from tests.accounts.flow import at_provider, begin, sign_in
from tests.contract.identity_browser import Browser, IdentityProvider

pytestmark = pytest.mark.django_db

_PERSON = "operator@dezky.test"
_HOURS = 3600
_HTMX = {"HX-Request": "true"}


@pytest.fixture
def site() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return by how many seconds the cache of keys is older; a test changes the one entry."""
    shift, real = [0.0], time.monotonic
    monkeypatch.setattr("accounts.authentik.time.monotonic", lambda: real() + shift[0])
    return shift


@pytest.mark.parametrize("client", ["portal", "operator"])
def test_a7_without_its_keys_the_provider_s_old_ones_open_for_a_day(
    site: Client, provider: IdentityProvider, later: list[float], client: str
) -> None:
    assert sign_in(site, provider, _PERSON, client).status_code == 302
    provider.control("down", endpoints=["discovery", "jwks"])
    later[0] = 23 * _HOURS
    assert sign_in(site, provider, _PERSON, client).status_code == 302
    assert OIDCSession.objects.alive().get().client == client
    later[0] = 25 * _HOURS
    answer = site.get(f"/oidc/{client}/login/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


def test_a7_keys_that_were_never_had_are_an_outage_and_no_refusal(site: Client, provider: IdentityProvider) -> None:
    callback = at_provider(provider, begin(site), _PERSON)
    provider.control("down", endpoints=["jwks"])
    answer = site.get(callback)
    assert (answer.status_code, answer["Retry-After"], OIDCSession.objects.count()) == (503, "10", 0)


def test_a_bearer_is_known_by_the_old_keys(provider: IdentityProvider, later: list[float]) -> None:
    sign_in(Client(), provider, _PERSON)
    token = Browser(provider).tokens(_PERSON)["access_token"]
    provider.control("down")
    for hours, status in ((0, 200), (23, 200), (25, 503)):
        later[0] = hours * _HOURS
        answer = Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert (hours, answer.status_code) == (hours, status)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_s5_a_commit_that_fails_after_the_provider_has_rotated_means_sign_in_over_the_page(
    site: Client, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    sign_in(site, provider, _PERSON)
    OIDCSession.objects.update(access_expires_at=timezone.now() - timedelta(seconds=1))

    def lost(*_args: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(tokens, "_keep", lost)
        answer = site.get("/admin/", headers=_HTMX)
    assert (answer.status_code, "Retry-After" in answer) == (503, True)
    assert OIDCSession.objects.alive().count() == 1

    answer = site.get("/admin/", headers=_HTMX)
    assert (answer.status_code, "Location" in answer) == (401, False)
    assert provider.control("counts")["counts"]["token:refresh_token"] == 2
    assert OIDCSession.objects.get().end_reason == "refused"
    sign_in(site, provider, _PERSON)
    assert site.get("/me/").status_code == 200


@pytest.mark.parametrize("client", ["portal", "operator"])
@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_clock_that_is_off_by_a_minute_is_accepted(
    site: Client, provider: IdentityProvider, client: str, seconds: int
) -> None:
    provider.control("skew", seconds=seconds)
    assert sign_in(site, provider, _PERSON, client).status_code == 302
    OIDCSession.objects.update(access_expires_at=timezone.now() - timedelta(seconds=1))
    assert site.get(get_client(client).home).status_code == 200
    assert provider.control("counts")["counts"]["token:refresh_token"] == 1


@pytest.mark.parametrize("client", ["portal", "operator"])
@pytest.mark.parametrize(
    ("seconds", "reason"), [(-300, "iat is too long ago"), (300, "The token is not yet valid (iat)")]
)
def test_a_clock_that_is_off_by_five_minutes_is_refused_and_the_log_says_so(
    site: Client,
    provider: IdentityProvider,
    caplog: pytest.LogCaptureFixture,
    client: str,
    seconds: int,
    reason: str,
) -> None:
    provider.control("skew", seconds=seconds)
    answer = sign_in(site, provider, _PERSON, client)
    assert (answer.status_code, OIDCSession.objects.count(), User.objects.count()) == (403, 0, 0)
    (said,) = [line for line in caplog.messages if line.startswith("sign-in refused")]
    assert said.startswith(f"sign-in refused: {reason}; is a clock wrong? Ours says 20")
