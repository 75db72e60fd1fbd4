"""Must show 7: whatever a hostile provider answers at a sign-in is refused: no 500, no session, nobody signed out.

`bin/dezky prove hostile` runs this with the tests of states, codes and logout tokens. Each check is also taken
away: one named case then gets in, so that none of the checks stands there for nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import authentik, backends, verification
from accounts.clients import get_client
from accounts.models import OIDCSession, User
from devstack.people import PEOPLE
from tests.accounts.flow import at_provider, begin, sign_in
from tests.contract.identity_browser import IdentityProvider
from tests.factories import UserFactory
from tests.fixtures.people import SignIn
from tests.mutants import mutate

pytestmark = [pytest.mark.proof, pytest.mark.django_db]

_PERSON = next(person for person in PEOPLE if person.email == "operator@dezky.test")
_HOME = {"portal": "/me/", "operator": "/operator/"}
_DAY = 86_400


@dataclass(frozen=True)
class Scene:
    """A provider, the client that signs in, and the other one."""

    provider: IdentityProvider
    client: str

    @property
    def own(self) -> str:
        return f"dezky-{self.client}"

    @property
    def other(self) -> str:
        return "dezky-operator" if self.client == "portal" else "dezky-portal"


type Orders = list[tuple[str, dict[str, Any]]]
type Case = Callable[[Scene], Orders]


def _id_token(**words: Any) -> Orders:
    return [("tamper", words)]


def _claims(**claims: Any) -> Orders:
    return _id_token(claims=claims)


def _without(*claims: str) -> Orders:
    return _id_token(remove=list(claims))


def _everywhere(sub: Any) -> Orders:
    """Let ID token and userinfo agree on a subject."""
    return [("tamper", {"token": token, "claims": {"sub": sub}}) for token in ("id", "userinfo")]


def _answers(endpoint: str, code: int, body: str = "") -> Orders:
    return [("status", {"endpoints": [endpoint], "code": code, "body": body})]


def _now(seconds: float) -> int:
    return int(time.time() + seconds)


BAD_CLAIMS: dict[str, Case] = {
    "no iss": lambda _: _without("iss"),
    "another iss": lambda _: _claims(iss="https://evil.test/"),
    "the other client's iss": lambda scene: _claims(iss=scene.provider.issuer(scene.other)),
    "iss is a list": lambda scene: _claims(iss=[scene.provider.issuer(scene.own)]),
    "no aud": lambda _: _without("aud"),
    "another aud": lambda scene: _claims(aud=scene.other),
    "aud names others too": lambda scene: _claims(aud=[scene.own, scene.other]),
    "aud is an empty list": lambda _: _claims(aud=[]),
    "azp is the other client": lambda scene: _claims(azp=scene.other),
    "azp is a list": lambda scene: _claims(azp=[scene.own]),
    "no sub": lambda _: _without("sub"),
    "sub is empty": lambda _: _everywhere(""),
    "sub is a number": lambda _: _everywhere(7),
    "sub is too long": lambda _: _everywhere("s" * 256),
    "sub has a zero byte": lambda _: _everywhere("s\x00"),
    "sub has half a character": lambda _: _everywhere("s\ud800"),
    "no exp": lambda _: _without("exp"),
    "exp is past": lambda _: _claims(exp=_now(-61)),
    "exp is text": lambda _: _claims(exp="tomorrow"),
    "exp is infinite": lambda _: _claims(exp=float("inf")),
    "no iat": lambda _: _without("iat"),
    "iat is long ago": lambda _: _claims(iat=_now(-185)),
    "iat is to come": lambda _: _claims(iat=_now(90)),
    "iat is text": lambda _: _claims(iat="now"),
    "iat is a number as text": lambda _: _claims(iat=str(_now(0))),
    "iat is true": lambda _: _claims(iat=True),
    "nbf is to come": lambda _: _claims(nbf=_now(90)),
    "no nonce": lambda _: _without("nonce"),
    "another nonce": lambda _: _claims(nonce="another"),
    "nonce is a list": lambda _: _claims(nonce=["another"]),
    "another at_hash": lambda _: _claims(at_hash="another"),
    "at_hash is null": lambda _: _claims(at_hash=None),
}
BAD_SIGNATURES: dict[str, Case] = {
    "another key": lambda _: _id_token(key="wrong"),
    "no signature": lambda _: _id_token(alg="none"),
    "HS256 by the client's secret": lambda _: _id_token(alg="HS256"),
    "an unknown kid": lambda _: _id_token(key="unknown_kid"),
    "the encryption key": lambda _: _id_token(key="enc"),
    "the encryption key under the same kid": lambda _: [("encryption_key", {"kid": "same"}), *_id_token(key="enc")],
}
BAD_USERINFO: dict[str, Case] = {
    "userinfo of somebody else": lambda _: [("tamper", {"token": "userinfo", "claims": {"sub": "somebody-else"}})],
    "userinfo of nobody": lambda _: [("tamper", {"token": "userinfo", "remove": ["sub"]})],
}
REFUSED = BAD_CLAIMS | BAD_SIGNATURES | BAD_USERINFO
# No answer at all, or none that could be read: the provider is broken, and may be asked again.
_DEEP = "[" * 100_000
UNREADABLE: dict[str, Case] = {
    "userinfo is no JSON": lambda _: _answers("userinfo", 200),
    "userinfo is no object": lambda _: _answers("userinfo", 200, "[]"),
    "userinfo is bottomless": lambda _: _answers("userinfo", 200, _DEEP),
    "userinfo breaks": lambda _: _answers("userinfo", 500),
    "userinfo leads elsewhere": lambda _: _answers("userinfo", 302),
    "the tokens are no JSON": lambda _: _answers("token", 200),
    "the tokens are numbers": lambda _: _answers("token", 200, '{"access_token": 1, "id_token": 2}'),
    "the keys are no JSON": lambda _: _answers("jwks", 200),
}
# Read, and of no use: no key in it.
NO_KEYS: dict[str, Case] = {
    "the keys are no list": lambda _: _answers("jwks", 200, '{"keys": 7}'),
    "the keys are no objects": lambda _: _answers("jwks", 200, '{"keys": ["key", null]}'),
}


@pytest.fixture(params=["portal", "operator"])
def scene(request: pytest.FixtureRequest, provider: IdentityProvider) -> Scene:
    return Scene(provider, request.param)


@pytest.fixture
def site(scene: Scene, sign_in: SignIn) -> Client:
    """Return a browser in which somebody is signed in who has nothing to do with it."""
    return sign_in(UserFactory(sub="bystander", is_platform_admin=True), scene.client)


def attempt(scene: Scene, site: Client, orders: Orders) -> int:
    """Sign in while the provider follows its orders; return the status of the callback's answer."""
    callback = at_provider(scene.provider, begin(site, scene.client), _PERSON.email)
    for action, words in orders:
        scene.provider.control(action, **words)
    return int(site.get(callback).status_code)


def people_in() -> list[tuple[str, str]]:
    """Return who is known, and who has a session."""
    known = User.objects.order_by("sub").values_list("sub", flat=True)
    return [*(("known", sub) for sub in known), *OIDCSession.objects.alive().values_list("client", "user__sub")]


@pytest.mark.parametrize(
    ("case", "status"),
    [(name, 403) for name in REFUSED | NO_KEYS] + [(name, 503) for name in UNREADABLE],
)
def test_a1_a5_a6_a_hostile_answer_opens_nothing_and_ends_nothing(
    scene: Scene, site: Client, case: str, status: int
) -> None:
    before = people_in()
    orders = (REFUSED | NO_KEYS | UNREADABLE)[case](scene)
    assert attempt(scene, site, orders) == status
    assert people_in() == before == [("known", "bystander"), (scene.client, "bystander")]
    assert site.get(_HOME[scene.client]).status_code == 200


def test_a7_beside_an_encryption_key_of_the_same_kid_a_good_token_is_good(scene: Scene, site: Client) -> None:
    assert attempt(scene, site, [("encryption_key", {"kid": "same"})]) == 302
    assert (scene.client, _PERSON.sub) in people_in()


# What is taken out of the product, and which case then gets in.
_OPTIONS = '"require": required, "strict_aud": False'
_VERIFY, _KEY = verification._verify, verification._key_for
_KNOWN_AUDIENCE = ('if claims["aud"] not in (client.client_id, [client.client_id]):', "if False:")
_KNOWN_ALGORITHM = ('if header.get("alg") != ALGORITHM:', "if False:")


def _switched_off(option: str, value: str = "False") -> tuple[str, str]:
    return _OPTIONS, f'{_OPTIONS}, "{option}": {value}'


type Change = tuple[Callable[..., Any], tuple[str, str]]
MUTANTS: dict[str, tuple[str, list[Change]]] = {
    "issuer": ("another iss", [(_VERIFY, ("issuer=client.issuer,", ""))]),
    "audience": ("another aud", [(_VERIFY, _switched_off("verify_aud")), (_VERIFY, _KNOWN_AUDIENCE)]),
    "audience alone": ("aud names others too", [(_VERIFY, _KNOWN_AUDIENCE)]),
    "azp": (
        "azp is the other client",
        [(_VERIFY, ('if claims.get("azp", client.client_id) != client.client_id:', "if False:"))],
    ),
    "required claims": ("no exp", [(_VERIFY, ('"require": required', '"require": ["aud", "iat", "sub"]'))]),
    "sub": ("sub is empty", [(_VERIFY, ('if "sub" in required and not is_name(claims["sub"]):', "if False:"))]),
    "exp": ("exp is past", [(_VERIFY, _switched_off("verify_exp"))]),
    "iat": ("iat is to come", [(_VERIFY, _switched_off("verify_iat"))]),
    "age": (
        "iat is long ago",
        [(verification.verify_id_token, ("> ID_TOKEN_AGE_SECONDS", "> 10**9"))],
    ),
    "nbf": ("nbf is to come", [(_VERIFY, _switched_off("verify_nbf"))]),
    "signature": ("another key", [(_VERIFY, _switched_off("verify_signature"))]),
    "use of the key": (
        "the encryption key under the same kid",
        [(_KEY, ('and key.get("use") == "sig"', ""))],
    ),
    "algorithm none": (
        "no signature",
        [
            (_KEY, _KNOWN_ALGORITHM),
            (_VERIFY, _switched_off("verify_signature", 'jwt.get_unverified_header(token)["alg"] != "none"')),
        ],
    ),
    "algorithm HS256": (
        "HS256 by the client's secret",
        [
            (_VERIFY, ("key = _key_for(client, token, token_type)", "key = client.client_secret")),
            (_VERIFY, ("algorithms=[ALGORITHM]", 'algorithms=["HS256"]')),
        ],
    ),
    "nonce": (
        "another nonce",
        [(verification.verify_id_token, ("if nonce is not None and not", "if False and not"))],
    ),
    "at_hash": (
        "another at_hash",
        [(verification.verify_id_token, ('if "at_hash" in claims and', "if False and"))],
    ),
    "subject of userinfo": (
        "userinfo of somebody else",
        [(backends._identify, ('if info.get("sub") != claims["sub"]:', "if False:"))],
    ),
}


@pytest.mark.filterwarnings("ignore:The HMAC key is")
@pytest.mark.parametrize("check", MUTANTS)
def test_without_any_one_of_the_checks_its_case_gets_in(
    scene: Scene, site: Client, monkeypatch: pytest.MonkeyPatch, check: str
) -> None:
    case, changes = MUTANTS[check]
    functions = list(dict.fromkeys(function for function, _ in changes))
    for function in functions:
        mutate(monkeypatch, function, *(change for changed, change in changes if changed is function))
    assert attempt(scene, site, REFUSED[case](scene)) == 302
    assert [client for client, sub in people_in() if client == scene.client and sub != "bystander"] == [scene.client]


# Claims that no rule forbids, of kinds that nobody expects: what they would say is not believed.
ODD: dict[str, dict[str, Any]] = {
    "groups is text": {"groups": "dezky-platform-admins"},
    "groups is an object": {"groups": {"dezky-platform-admins": True}},
    "groups has lists in it": {"groups": [["dezky-platform-admins"], 7, None]},
    "email is a list": {"email": ["operator@dezky.test"], "groups": []},
    "name has a zero byte": {"name": "N\x00ora", "groups": []},
    "sid is a list": {"sid": ["sid"], "groups": []},
    "sid has a zero byte": {"sid": "s\x00", "groups": []},
    "auth_time is text": {"auth_time": "now", "groups": []},
    "auth_time is infinite": {"auth_time": float("inf"), "groups": []},
    "auth_time is no number": {"auth_time": float("nan"), "groups": []},
    "auth_time is in a million years": {"auth_time": 1e15, "groups": []},
    "amr is text": {"amr": "pwd mfa", "groups": []},
}


@pytest.mark.parametrize("case", ODD)
def test_odd_claims_give_no_role_and_break_nothing(provider: IdentityProvider, case: str) -> None:
    provider.control("tamper", claims=ODD[case])
    assert sign_in(Client(raise_request_exception=False), provider, _PERSON.email).status_code == 302
    user = User.objects.get()
    assert (user.sub, user.is_platform_admin) == (_PERSON.sub, False)
    session = OIDCSession.objects.get()
    assert session.authenticated_at is None or session.authenticated_at <= timezone.now()


@pytest.mark.parametrize(
    "claims",
    [
        *({"auth_time": value} for value in ("now", True, -1, 0, 1, float("inf"), float("nan"), [1], None)),
        *({"amr": value} for value in ("mfa", "pwd mfa", {"mfa": True}, [["mfa"]], [], None, 7)),
    ],
    ids=str,
)
def test_a15_an_operator_s_odd_second_factor_or_moment_is_none(
    provider: IdentityProvider, claims: dict[str, Any]
) -> None:
    site = Client(raise_request_exception=False)
    provider.control("tamper", claims=claims)
    once = sign_in(site, provider, _PERSON.email, "operator")
    assert (once.status_code, once["Location"]) == (302, "/oidc/operator/login/?again=1&next=%2Foperator%2F")
    again = sign_in(site, provider, _PERSON.email, "operator", again="1")
    assert (again.status_code, OIDCSession.objects.count()) == (403, 0)


@pytest.mark.parametrize("at", [float("inf"), float("nan"), "now", [], True, None], ids=repr)
def test_s12_a_moment_that_is_none_does_not_open_what_was_signed_out_everywhere(
    provider: IdentityProvider, at: object
) -> None:
    issuer = get_client("portal").identity_issuer
    UserFactory(issuer=issuer, sub=_PERSON.sub, reauthenticate_after=timezone.now())
    provider.control("tamper", claims={"auth_time": at})
    answer = sign_in(Client(raise_request_exception=False), provider, _PERSON.email)
    assert (answer.status_code, answer["Location"]) == (302, "/oidc/portal/login/?again=1&next=%2F")
    assert OIDCSession.objects.count() == 0


def test_a_token_s_life_is_a_number_and_at_most_a_day(
    provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer: dict[str, Any] = {"access_token": "access", "id_token": "id"}
    monkeypatch.setattr(authentik, "_form", lambda *_args, **_words: answer)
    for said, taken in ((10**12, _DAY), (60, 60), (-1, 300), (True, 300), ("60", 300), (None, 300)):
        answer["expires_in"] = said
        tokens = authentik.exchange_code(get_client("portal"), code="code", verifier="verifier")
        assert (said, tokens.expires_in_seconds) == (said, taken)
