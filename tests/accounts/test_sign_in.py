"""Signing in with a code: state, nonce, PKCE, identity, and every way it can fail (A2 to A4, A9 to A13)."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from accounts import authentik
from accounts.clients import get_client
from accounts.models import OIDCSession, Revocation, User
from accounts.views.sign_in import CallbackView
from tests.accounts.flow import at_provider, begin, sign_in
from tests.contract.identity_browser import IdentityProvider
from tests.factories import UserFactory
from tests.mutants import mutate

pytestmark = pytest.mark.django_db

_OPERATOR = "operator@dezky.test"
_OTHER = {"portal": "operator", "operator": "portal"}


@pytest.fixture
def site() -> Client:
    return Client(raise_request_exception=False)


@pytest.fixture(params=["portal", "operator"])
def client(request: pytest.FixtureRequest) -> str:
    """Return the client that signs in; whoever may use both, may use either."""
    return str(request.param)


def is_signed_in(site: Client, client: str = "portal") -> bool:
    return site.get("/operator/" if client == "operator" else "/me/").status_code == 200


def test_a3_a12_the_way_there_has_pkce_state_nonce_and_the_registered_callback(
    site: Client, provider: IdentityProvider
) -> None:
    query = parse_qs(urlsplit(begin(site)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["redirect_uri"] == ["http://testserver/oidc/portal/callback/"]
    assert {len(query[name][0]) for name in ("state", "nonce")} == {32}


def test_a12_a_foreign_host_is_refused(site: Client, provider: IdentityProvider) -> None:
    assert site.get("/oidc/portal/login/", headers={"host": "evil.test"}).status_code == 400


def test_sign_in_leads_to_the_page_that_was_wanted(site: Client, provider: IdentityProvider) -> None:
    answer = sign_in(site, provider, "owner@acme.test", next="/me/")
    assert (answer.status_code, answer["Location"]) == (302, "/me/")
    assert is_signed_in(site)


def test_a10_every_sign_in_has_a_new_session_key(site: Client, provider: IdentityProvider) -> None:
    cookie = get_client("portal").cookie_name
    begin(site)
    keys = {site.cookies[cookie].value}
    for _ in range(2):
        sign_in(site, provider, "owner@acme.test")
        keys.add(site.cookies[cookie].value)
    assert len(keys) == 3
    assert OIDCSession.objects.alive().count() == 1


def test_a4_somebody_with_the_same_address_is_somebody_else(site: Client, provider: IdentityProvider) -> None:
    for email in ("owner@acme.test", "OWNER@acme.test", "owner@acme.te\u017ft"):
        UserFactory(email=email)
    sign_in(site, provider, "owner@acme.test")
    assert User.objects.filter(email="owner@acme.test").count() == 2
    assert OIDCSession.objects.get().user.sub not in {"sub-0", "sub-1", "sub-2"}


def test_both_clients_meet_the_same_person_in_two_sessions(site: Client, provider: IdentityProvider) -> None:
    sign_in(site, provider, "operator@dezky.test")
    sign_in(site, provider, "operator@dezky.test", "operator")
    assert User.objects.filter(email="operator@dezky.test").count() == 1
    assert sorted(OIDCSession.objects.alive().values_list("client", flat=True)) == ["operator", "portal"]
    assert site.get("/operator/").status_code == 200


def test_a2_a_callback_works_once(site: Client, provider: IdentityProvider, client: str) -> None:
    callback = at_provider(provider, begin(site, client), _OPERATOR)
    assert site.get(callback).status_code == 302
    again = site.get(callback)
    assert (again.status_code, is_signed_in(site, client)) == (400, True)


def test_a2_a_callback_that_another_tab_s_has_overtaken_is_a_400(
    site: Client, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one has changed the session's key meanwhile (A10)."""
    real = CallbackView._take_state

    def overtaken(view: CallbackView, request: HttpRequest) -> Any:
        known = real(view, request)
        Session.objects.all().delete()
        return known

    callback = at_provider(provider, begin(site), "owner@acme.test")
    monkeypatch.setattr(CallbackView, "_take_state", overtaken)
    assert (site.get(callback).status_code, OIDCSession.objects.count()) == (400, 0)


@pytest.mark.parametrize(("seconds", "status"), [(590, 302), (601, 400)])
def test_a2_a_callback_is_at_most_ten_minutes_old(
    site: Client, provider: IdentityProvider, client: str, seconds: int, status: int
) -> None:
    # The provider's clock goes along: only the state is old.
    provider.control("skew", seconds=seconds)
    assert _answer_to_an_aged_callback(site, provider, client, seconds) == status
    assert OIDCSession.objects.count() == (1 if status == 302 else 0)


def test_a2_without_the_age_of_a_state_an_old_callback_gets_in(
    site: Client, provider: IdentityProvider, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the test above can fail."""
    mutate(monkeypatch, CallbackView._take_state, ("time.time() - known", "0 * known"))
    provider.control("skew", seconds=601)
    assert _answer_to_an_aged_callback(site, provider, client, 601) == 302


def test_a2_a_callback_belongs_to_the_browser_that_began(site: Client, provider: IdentityProvider, client: str) -> None:
    callback = at_provider(provider, begin(site, client), _OPERATOR)
    other = Client(raise_request_exception=False)
    assert (other.get(callback).status_code, OIDCSession.objects.count()) == (400, 0)


def test_a13_a_state_is_none_of_the_other_client_s(site: Client, provider: IdentityProvider, client: str) -> None:
    other = _OTHER[client]
    callback = at_provider(provider, begin(site, client), _OPERATOR)
    begin(site, other)  # so that the other client knows states, too
    crossed = callback.replace(f"/oidc/{client}/", f"/oidc/{other}/")
    assert (site.get(crossed).status_code, OIDCSession.objects.count()) == (400, 0)


def test_a13_a_code_of_the_other_client_is_refused(site: Client, provider: IdentityProvider, client: str) -> None:
    own_state = parse_qs(urlsplit(begin(site, client)).query)["state"][0]
    callback = at_provider(provider, begin(site, _OTHER[client]), _OPERATOR)
    code = parse_qs(urlsplit(callback).query)["code"][0]
    answer = site.get(f"/oidc/{client}/callback/", {"code": code, "state": own_state})
    assert (answer.status_code, OIDCSession.objects.count()) == (400, 0)


def _answer_to_an_aged_callback(site: Client, provider: IdentityProvider, client: str, seconds: int) -> int:
    with time_machine.travel(timezone.now(), tick=True) as clock:
        begun = begin(site, client)
        clock.shift(seconds)
        return int(site.get(at_provider(provider, begun, _OPERATOR)).status_code)


@pytest.mark.parametrize("query", [{"error": "x"}, {"error": "access_denied", "state": "unknown"}, {}, {"code": "x"}])
def test_a9_an_error_without_a_known_state_changes_nothing(
    site: Client, provider: IdentityProvider, query: dict[str, str]
) -> None:
    sign_in(site, provider, "owner@acme.test")
    assert site.get("/oidc/portal/callback/", query).status_code == 400
    assert is_signed_in(site)


def test_a9_a_refusal_of_the_provider_is_a_page_that_offers_another_try(
    site: Client, provider: IdentityProvider
) -> None:
    state = parse_qs(urlsplit(begin(site)).query)["state"][0]
    answer = site.get("/oidc/portal/callback/", {"error": "access_denied", "state": state})
    assert answer.status_code == 403
    assert b'href="/oidc/portal/login/?next=%2F"' in answer.content


_FAULTS: list[dict[str, object]] = [
    {"action": "down"},
    {"action": "status", "code": 500},
    {"action": "status", "code": 429},
]


@pytest.mark.parametrize("fault", _FAULTS)
@pytest.mark.parametrize("endpoint", ["discovery", "token", "jwks", "userinfo"])
def test_an_outage_at_sign_in_is_told_as_such(
    site: Client, provider: IdentityProvider, endpoint: str, fault: dict[str, object]
) -> None:
    words = {name: value for name, value in fault.items() if name != "action"}
    if endpoint == "discovery":
        provider.control(str(fault["action"]), endpoints=[endpoint], **words)
        answer = site.get("/oidc/portal/login/")
    else:
        callback = at_provider(provider, begin(site), "owner@acme.test")
        provider.control(str(fault["action"]), endpoints=[endpoint], **words)
        answer = site.get(callback)
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")


@pytest.mark.parametrize("fault", _FAULTS)
def test_nobody_is_sent_to_a_provider_that_does_not_answer(
    site: Client, provider: IdentityProvider, fault: dict[str, object]
) -> None:
    """Although we know from the cache where it is."""
    assert sign_in(site, provider, "owner@acme.test").status_code == 302
    words = {name: value for name, value in fault.items() if name != "action"}
    provider.control(str(fault["action"]), **words)
    assert site.get("/oidc/portal/login/").status_code == 302  # it answered a moment ago
    authentik.cache.answered_at = -math.inf
    answer = site.get("/oidc/portal/login/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    provider.control("normal")
    assert site.get("/oidc/portal/login/").status_code == 302


def test_groups_decide_at_each_sign_in(site: Client, provider: IdentityProvider) -> None:
    sign_in(site, provider, "operator@dezky.test")
    assert User.objects.get().is_platform_admin
    provider.control("groups", email="operator@dezky.test", groups=[])
    sign_in(site, provider, "operator@dezky.test")
    assert not User.objects.get().is_platform_admin


def test_s10_somebody_else_s_sign_in_ends_the_session_that_was_there(site: Client, provider: IdentityProvider) -> None:
    """Nobody could use it any more, but its tokens would live on at the provider."""
    sign_in(site, provider, "owner@acme.test")
    before = OIDCSession.objects.get()
    sign_in(site, provider, "admin@globex.test")
    ended = OIDCSession.objects.get(pk=before.pk)
    assert (ended.end_reason, ended.refresh_token) == ("replaced", "")
    assert {r.token for r in Revocation.objects.all()} == {before.refresh_token, before.access_token}
    assert OIDCSession.objects.alive().get().user.email == "admin@globex.test"


def test_a_sign_in_outlives_the_session_that_it_began_in(site: Client, provider: IdentityProvider) -> None:
    """A session may end while its person is at the provider, to sign in again in time."""
    sign_in(site, provider, "owner@acme.test")
    callback = at_provider(provider, begin(site, again="1", next="/me/"), "owner@acme.test")
    OIDCSession.objects.update(ended_at=timezone.now())
    assert site.get("/me/").status_code == 302
    answer = site.get(callback)
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/me/")
    assert is_signed_in(site)


def test_signing_out_ends_a_sign_in_that_is_on_the_way(site: Client, provider: IdentityProvider) -> None:
    sign_in(site, provider, "owner@acme.test")
    callback = at_provider(provider, begin(site, again="1"), "owner@acme.test")
    site.post("/oidc/portal/logout/")
    assert (site.get(callback).status_code, is_signed_in(site)) == (400, False)


def test_s3_s10_the_tokens_of_somebody_switched_off_are_given_back(site: Client, provider: IdentityProvider) -> None:
    sign_in(site, provider, "owner@acme.test")
    OIDCSession.objects.all().delete()
    User.objects.update(is_active=False)
    assert sign_in(site, provider, "owner@acme.test").status_code == 403
    assert sorted(Revocation.objects.values_list("hint", flat=True)) == ["access_token", "refresh_token"]


@pytest.mark.parametrize("sid", ["nul\x00inside", "half \ud800", 7, None, ["a", "list"]], ids=repr)
def test_a_session_id_that_can_t_be_stored_is_left_out(site: Client, provider: IdentityProvider, sid: object) -> None:
    provider.control("tamper", token="id", claims={"sid": sid})
    assert sign_in(site, provider, "owner@acme.test").status_code == 302
    assert OIDCSession.objects.get().sid == ""
