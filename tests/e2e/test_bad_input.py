"""Bad input over real HTTP: a clear page, or a problem, each time; never a 500."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.contract.identity_browser import CHALLENGE, SCOPE, VERIFIER
from tests.e2e.stack import Stack
from tests.e2e.visitor import Answer, Visitor, browser_session, keep_browser_session

HOSTILE = (
    "https://evil.test/",
    "//evil.test/",
    "///evil.test",
    "/\\evil.test/",
    "\\\\evil.test",
    "http:///evil.test",
    "https:evil.test",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "/%2f%2fevil.test/",
    "/%5cevil.test/",
    "/\t/evil.test/",
    "/me/\r\nSet-Cookie: a=b",
    "/me/%0d%0aLocation:%20//evil.test",
    "/oidc/portal/logout/",
    "/operator/not-authorised/",
    "/session/refresh/",
    "/api/v1/me",
    "/me/../oidc/portal/login/",
    "/" + "a" * 5000,
    "/me/\x00",
    "http://127.0.0.1@evil.test/",
    "/\u2025/evil.test",
)


@pytest.fixture
def stranger(stack: Stack) -> Visitor:
    return Visitor(stack)


@pytest.fixture
def member(stack: Stack) -> Visitor:
    """Return somebody signed in."""
    visitor = Visitor(stack)
    visitor.sign_in("admin@globex.test")
    return visitor


@pytest.mark.parametrize("target", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_next_leads_home(target: str, stranger: Visitor) -> None:
    callback = stranger.callback("member@globex.test", next=target)
    answer = stranger.get(callback)
    assert (answer.status, answer.location) == (302, "/")
    assert stranger.get("/").status == 200


def test_a_replayed_callback_is_a_page_and_signs_nobody_out(stranger: Visitor) -> None:
    callback = stranger.callback("member@globex.test")
    assert stranger.get(callback).status == 302
    _is_page(stranger.get(callback), 400, "You are not signed in")
    assert stranger.get("/").status == 200


def test_a_callback_in_another_browser_is_a_page(stranger: Visitor, stack: Stack) -> None:
    callback = stranger.callback("member@globex.test")
    _is_page(Visitor(stack).get(callback), 400, "You are not signed in")


def test_a_callback_at_the_other_client_is_a_page(stranger: Visitor) -> None:
    callback = stranger.callback("operator@dezky.test").replace("/oidc/portal/", "/oidc/operator/")
    _is_page(stranger.get(callback), 400, "You are not signed in")


def test_an_aged_callback_is_a_page(stranger: Visitor, stack: Stack) -> None:
    callback = stranger.callback("member@globex.test")
    _age_state(stack, stranger.cookies["dezky-portal"], minutes=11)
    _is_page(stranger.get(callback), 400, "You are not signed in")


@pytest.mark.parametrize(
    "query", ["", "code=x", "state=x", "code=x&state=x", "error=access_denied", "code=%00&state=%00"]
)
def test_a_callback_from_nowhere_is_a_page_and_signs_nobody_out(query: str, member: Visitor) -> None:
    _is_page(member.get(f"/oidc/portal/callback/?{query}"), 400, "You are not signed in")
    assert member.get("/").status == 200


@pytest.mark.alone
@pytest.mark.parametrize(
    "path", ["/api/v1/me", "/api/v1/tenants", "/api/v1/tenants/globex/users", "/api/v1/operator/tenants"]
)
def test_bad_bearers_are_a_problem(path: str, stranger: Visitor) -> None:
    for name, token in _bad_tokens(stranger.stack):
        answer = stranger.get(path, Authorization=f"Bearer {token}")
        _is_problem(answer, 401, name)


def test_a_token_of_the_other_client_opens_nothing_of_the_operator_s(stack: Stack) -> None:
    token = _tokens(stack, "operator@dezky.test", "dezky-portal")["access_token"]
    visitor = Visitor(stack)
    assert visitor.get("/api/v1/me", Authorization=f"Bearer {token}").status == 200
    _is_problem(visitor.get("/api/v1/operator/tenants", Authorization=f"Bearer {token}"), 403, "portal's token")


def test_a_member_s_token_of_the_operator_s_client_is_not_to_be_had(stack: Stack) -> None:
    visitor = Visitor(stack)
    answer = visitor.follow(visitor.get("/oidc/operator/login/"))
    answer = visitor.follow(visitor.post(answer.url, username="member@acme.test"))
    assert answer.url.startswith(stack.identity_url)
    assert "Permission denied" in answer.text


@pytest.mark.parametrize("megabytes", [2, 20])  # of the larger one, most is unread when the server hangs up
@pytest.mark.parametrize("path", ["/oidc/portal/logout/", "/session/refresh/", "/api/v1/me", "/admin/globex/people/"])
def test_megabytes_are_refused(path: str, megabytes: int, member: Visitor) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = member.send("POST", path, b"a=" + b"x" * megabytes * 1_000_000, kind)
    if path.startswith("/api/"):
        _is_problem(answer, 413, path)
    else:
        _is_page(answer, 413, "Content too large")
    assert member.get("/").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/admin/glo%00bex/",
        "/admin/globex%00/people/",
        "/admin/%00/",
        "/admin/globex/people/?q=%00",
        "/admin/globex/people/?cursor=%00",
        "/admin/globex/audit/?q=%00&action=%00&actor=%00&period=%00",
        "/api/v1/tenants/glo%00bex",
        "/api/v1/tenants/globex/users?cursor=%00",
        "/api/v1/tenants/globex/audit?cursor=AAAA",
        "/partner/customers/%00/",
        "/static/%00",
        "/%ff%fe/",
        "/admin/gl%c3%b6bex/",
        "/admin/" + "a" * 3000 + "/",
        "/?next=%00",
        "/support/accounts/user/?q=%00",
    ],
)
def test_a_zero_byte_and_its_like_are_no_error_of_ours(path: str, member: Visitor) -> None:
    answer = member.get(path)
    assert answer.status in {200, 400, 403, 404}, answer.text[:500]
    if path.startswith("/api/") and answer.status != 200:
        _is_problem(answer, answer.status, path)
    elif answer.kind == "text/html":
        assert "<h1" in answer.text


@pytest.mark.parametrize("body", ["", "123", "null", "[]", '{"a":', "\x00", "not json"])
def test_bad_json_is_a_problem(body: str, member: Visitor) -> None:
    answer = member.send("POST", "/api/v1/me", body, {"Content-Type": "application/json"})
    assert answer.status in {400, 403, 405}
    _is_problem(answer, answer.status, body)


def test_a_foreign_host_is_a_page(stranger: Visitor) -> None:
    answer = stranger.send("GET", "/", headers={"Host": "evil.test"})
    assert answer.status == 400
    assert b"evil.test" not in answer.body


def _bad_tokens(stack: Stack) -> Iterator[tuple[str, str]]:
    tokens = _tokens(stack, "admin@globex.test", "dezky-portal")
    yield "an ID token", tokens["id_token"]
    good = tokens["access_token"]
    head, claims, signature = good.split(".")
    yield "forged signature", f"{head}.{claims}.{signature[:-6]}AAAAAA"
    yield "no signature", f"{_encode({'alg': 'none', 'typ': 'JWT'})}.{claims}."
    opened = jwt.decode(good, options={"verify_signature": False})
    kid = jwt.get_unverified_header(good)["kid"]
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    yield "another key", jwt.encode(opened, key, "RS256", headers={"kid": kid})
    yield "by secret", jwt.encode(opened, "x" * 64, "HS256", headers={"kid": kid})
    yield "another audience", jwt.encode(opened | {"aud": "someone-else"}, key, "RS256", headers={"kid": kid})
    yield "no token", "aaaa.bbbb.cccc"
    yield "long", "a" * 7000
    yield "nothing", ""
    yield "expired", _expired(stack)


def _expired(stack: Stack) -> str:
    """Return an access token that was good five minutes ago: one made by the provider for a second of life."""
    claims = {"iat": int(time.time()) - 600, "exp": int(time.time()) - 300}
    stack.control("tamper", token="access", claims=claims)
    try:
        token: str = _tokens(stack, "admin@globex.test", "dezky-portal")["access_token"]
    finally:
        stack.control("reset")
    return token


def _tokens(stack: Stack, email: str, client_id: str) -> dict[str, str]:
    """Sign in at the provider as a program on the person's machine would, and return its tokens."""
    visitor = Visitor(stack)
    login = visitor.get("/oidc/portal/login/")
    parameters = dict(parse_qsl(urlsplit(login.location).query))
    parameters |= {"client_id": client_id, "scope": SCOPE, "redirect_uri": "http://localhost/cli-callback"}
    parameters |= {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    answer = visitor.get(f"{stack.identity_url}/application/o/authorize/?{urlencode(parameters)}")
    answer = visitor.post(urljoin(answer.url, answer.location), username=email)
    answer = visitor.get(urljoin(answer.url, answer.location))
    code = dict(parse_qsl(urlsplit(answer.location).query))["code"]
    secrets = json.loads((stack.directory / "secrets.json").read_text())
    basic = base64.b64encode(f"{client_id}:{secrets['OIDC_CLIENT_SECRET']}".encode()).decode()
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER}
    form |= {"redirect_uri": "http://localhost/cli-callback"}
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
    answered = visitor.send("POST", f"{stack.identity_url}/application/o/token/", urlencode(form), headers)
    tokens: dict[str, str] = json.loads(answered.body)
    return tokens


def _encode(value: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _age_state(stack: Stack, cookie: str, *, minutes: int) -> None:
    """Let what a browser's session remembers of its sign-ins be older."""
    session = browser_session(stack, cookie)
    for state in session["oidc_states"].values():
        state["added_on"] -= minutes * 60
    keep_browser_session(stack, cookie, session)


def _is_page(answer: Answer, status: int, heading: str) -> None:
    assert (answer.status, answer.kind) == (status, "text/html"), answer.text[:500]
    assert heading in answer.text
    assert 'id="main"' in answer.text


def _is_problem(answer: Answer, status: int, what: str) -> None:
    assert (answer.status, answer.kind) == (status, "application/problem+json"), (what, answer.text[:500])
    problem = json.loads(answer.body)
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert problem["detail"]
