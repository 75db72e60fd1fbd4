"""The identity stand-in fails on demand, survives a kill, and keeps to this machine."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jwt
import pytest

from .identity_browser import SECRETS, Browser, IdentityProvider, unverified
from .identity_server import ROOT, Site, free_port, start_identity_provider, stop

OPERATOR = "operator@dezky.test"
ADMIN = "admin@acme.test"
JWKS = "/application/o/dezky-portal/jwks/"


def wait_for_count(provider: IdentityProvider, name: str, count: int) -> None:
    """Wait until the stand-in has met that many requests."""
    deadline = time.monotonic() + 10
    while provider.control("counts")["counts"].get(name, 0) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_down_closes_the_connection_and_spares_control_and_health(
    identity_provider: IdentityProvider,
) -> None:
    identity_provider.control("down")

    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        identity_provider.get(JWKS)
    assert identity_provider.get("/_health").json == {"ok": True}
    assert identity_provider.control("state")["faults"] == {"*": "down"}
    identity_provider.control("normal")
    assert identity_provider.get(JWKS).status == 200


@pytest.mark.parametrize("code", [500, 503, 429])
def test_status_fails_the_named_endpoints_only(browser: Browser, code: int) -> None:
    provider = browser.provider
    tokens = browser.tokens(ADMIN)
    provider.control("status", code=code, endpoints=["token", "jwks"])

    assert provider.refresh(tokens["refresh_token"]).status == code
    assert provider.get(JWKS).status == code
    assert provider.userinfo(tokens["access_token"]).status == 200
    provider.control("normal", endpoints=["token"])
    assert provider.control("state")["faults"] == {"jwks": "status"}
    assert provider.refresh(tokens["refresh_token"]).status == 200


def test_status_times_fails_so_often_and_then_no_more(identity_provider: IdentityProvider) -> None:
    identity_provider.control("status", code=500, times=2)

    assert [identity_provider.get(JWKS).status for _ in range(3)] == [500, 500, 200]


def test_status_after_the_work_loses_the_rotated_token(browser: Browser) -> None:
    provider = browser.provider
    tokens = browser.tokens(ADMIN)
    provider.control("status", code=503, endpoints=["token"], after=True, times=1)

    assert provider.refresh(tokens["refresh_token"]).status == 503
    assert provider.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


def test_slow_request_is_answered_late_or_at_once_when_the_fault_ends(browser: Browser) -> None:
    provider = browser.provider
    provider.control("slow", seconds=0.3, endpoints=["jwks"])
    begun_at = time.monotonic()
    assert provider.get(JWKS).status == 200
    assert time.monotonic() - begun_at >= 0.3

    provider.control("slow", seconds=600, endpoints=["jwks"])
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(provider.get, JWKS)
        wait_for_count(provider, "jwks", 2)
        provider.control("normal")
        assert waiting.result(10).status == 200


def test_slow_request_whose_caller_has_gone_changes_nothing(browser: Browser) -> None:
    provider = browser.provider
    token = browser.tokens(ADMIN)["refresh_token"]
    provider.control("slow", seconds=60, endpoints=["token"])
    body = f"grant_type=refresh_token&refresh_token={token}&client_id=dezky-portal&client_secret="
    with pytest.raises(TimeoutError):
        provider.request("POST", "/application/o/token/", body + SECRETS["dezky-portal"], timeout_seconds=0.2)
    wait_for_count(provider, "token:refresh_token", 1)
    provider.control("normal")

    assert provider.refresh(token).status == 200


def test_drip_spares_not_even_the_headers(identity_provider: IdentityProvider) -> None:
    identity_provider.control("drip", bytes_per_second=40)
    with socket.create_connection(("127.0.0.1", identity_provider.port), 10) as connection:
        begun_at = time.monotonic()
        connection.sendall(f"GET {JWKS} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while len(received) < 20:
            received += connection.recv(4096)
        assert b"\r\n\r\n" not in received
        assert time.monotonic() - begun_at >= 0.3
        identity_provider.control("normal")
        while chunk := connection.recv(65_536):
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert len(json.loads(body)["keys"]) == 2


def test_counts_by_endpoint_and_grant_type_also_when_failing(browser: Browser) -> None:
    provider = browser.provider
    tokens = browser.tokens(ADMIN)
    provider.control("status", code=503, endpoints=["token"])
    provider.refresh(tokens["refresh_token"])

    assert provider.control("counts")["counts"] == {
        "authorize": 2,
        "login": 1,
        "token": 2,
        "token:authorization_code": 1,
        "token:refresh_token": 1,
    }
    provider.control("reset")
    assert provider.control("counts")["counts"] == {}


def test_revoke_kills_a_persons_refresh_tokens(browser: Browser) -> None:
    provider = browser.provider
    mine, other = browser.tokens(ADMIN), Browser(provider).tokens(OPERATOR)
    provider.control("revoke", email=ADMIN)

    assert provider.refresh(mine["refresh_token"]).json["error"] == "invalid_grant"
    assert provider.refresh(other["refresh_token"]).status == 200
    assert provider.userinfo(mine["access_token"]).status == 200


def test_rotate_keys_replaces_the_signing_key_at_once(browser: Browser) -> None:
    provider = browser.provider
    before = browser.tokens(ADMIN)["id_token"]
    kid = provider.control("rotate_keys")["kid"]
    after = browser.tokens(ADMIN)["id_token"]

    assert [key["kid"] for key in provider.get(JWKS).json["keys"] if key["use"] == "sig"] == [kid]
    assert jwt.get_unverified_header(before)["kid"] != kid
    assert jwt.get_unverified_header(after)["kid"] == kid


def test_skew_and_token_lifetime_shift_the_tokens(browser: Browser) -> None:
    provider = browser.provider
    provider.control("skew", seconds=300)
    provider.control("token_lifetime", seconds=20)
    answer = browser.tokens(ADMIN)
    claims = unverified(answer["id_token"])

    assert answer["expires_in"] == claims["exp"] - claims["iat"] == 20
    assert 290 < claims["iat"] - time.time() < 310
    provider.control("skew", seconds=321)
    assert provider.userinfo(answer["access_token"]).status == 401


def test_tamper_falsifies_claims_of_one_kind_of_token(browser: Browser) -> None:
    provider = browser.provider
    provider.control("tamper", claims={"aud": "somebody"}, remove=["exp", "nonce"])
    provider.control("tamper", token="access", claims={"scope": "root"})
    provider.control("tamper", token="userinfo", claims={"sub": "another"})
    answer = browser.tokens(ADMIN)

    id_token, access = unverified(answer["id_token"]), unverified(answer["access_token"])
    assert (id_token["aud"], "exp" in id_token, "nonce" in id_token) == ("somebody", False, False)
    assert (access["aud"], access["scope"]) == ("dezky-portal", "root")
    assert provider.userinfo(answer["access_token"]).json["sub"] == "another"
    provider.control("reset")
    assert provider.verify(browser.tokens(ADMIN)["id_token"])["aud"] == "dezky-portal"


@pytest.mark.parametrize(
    ("bend", "error"),
    [
        ({"alg": "none"}, jwt.InvalidAlgorithmError),
        ({"alg": "HS256"}, jwt.InvalidAlgorithmError),
        ({"key": "wrong"}, jwt.InvalidSignatureError),
        ({"key": "enc"}, ValueError),
        ({"key": "unknown_kid"}, ValueError),
    ],
)
def test_tamper_falsifies_signatures(browser: Browser, bend: dict[str, str], error: type[Exception]) -> None:
    provider = browser.provider
    genuine = browser.tokens(ADMIN)["id_token"]
    provider.control("tamper", **bend)
    forged = browser.tokens(ADMIN)["id_token"]

    if "alg" in bend:
        key = jwt.PyJWK(provider.get(JWKS).json["keys"][1])
        with pytest.raises(error):
            jwt.decode(forged, key, ["RS256"], audience="dezky-portal")
    else:
        with pytest.raises(error):
            provider.verify(forged)
    provider.control("reset")
    assert provider.verify(genuine)["aud"] == "dezky-portal"


def test_logout_token_can_be_made_and_falsified_without_being_sent(browser: Browser) -> None:
    provider = browser.provider
    made = provider.control(
        "logout_token", client="dezky-portal", email=ADMIN, claims={"sid": "s", "nonce": "n"}, remove=["jti"]
    )["logout_token"]

    claims = provider.verify(made)
    assert (claims["sid"], claims["nonce"], "jti" in claims) == ("s", "n", False)


@pytest.mark.parametrize(
    "message", ["[]", "{", '{"action": "dance"}', '{"action": "groups", "email": "x@y.test", "groups": []}']
)
def test_control_refuses_what_it_does_not_understand(identity_provider: IdentityProvider, message: str) -> None:
    answer = identity_provider.request("POST", "/_control", message)

    assert (answer.status, answer.json["ok"]) == (400, False)


def test_control_refuses_other_sites(identity_provider: IdentityProvider) -> None:
    headers = {"Origin": "https://evil.test"}
    answer = identity_provider.request("POST", "/_control", '{"action": "down"}', headers)

    assert answer.status == 403
    assert identity_provider.control("state")["faults"] == {}


def test_kill_9_keeps_sessions_tokens_and_keys_and_no_token_is_logged_or_stored(
    identity_site: Site, tmp_path: Path
) -> None:
    process, provider = start_identity_provider(free_port(), identity_site.url, tmp_path)
    try:
        browser = Browser(provider)
        tokens = browser.tokens(ADMIN)
        provider.control("groups", email=ADMIN, groups=["changed"])
        process.kill()
        process.wait(10)
        process, provider = start_identity_provider(provider.port, identity_site.url, tmp_path)

        assert browser.is_signed_in
        assert provider.verify(tokens["id_token"])["groups"] == ["dezky-tenant-acme-admins"]
        assert provider.userinfo(tokens["access_token"]).json["groups"] == ["changed"]
        renewed = provider.refresh(tokens["refresh_token"]).json
    finally:
        assert stop(process) == 0
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    secrets = [tokens[name] for name in ("access_token", "id_token", "refresh_token")]
    secrets += [renewed["access_token"], renewed["refresh_token"], browser.cookies["authentik_session"]]
    assert [secret for secret in secrets if secret.encode() in kept] == []


@pytest.mark.parametrize(
    ("options", "environ", "reason"),
    [
        (["--host", "0.0.0.0"], {}, "loopback addresses only"),
        ([], {"OIDC_CLIENT_SECRET": ""}, "OIDC_CLIENT_SECRET is not set"),
    ],
)
def test_refuses_to_start(tmp_path: Path, options: list[str], environ: dict[str, str], reason: str) -> None:
    command = [sys.executable, "-m", "devstack.identity_provider", "--port", "1", *options]
    command += ["--data-dir", str(tmp_path), "--site-url", "http://127.0.0.1:8000"]
    own = {"OIDC_CLIENT_SECRET": "a", "OPERATOR_OIDC_CLIENT_SECRET": "b"} | environ
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | own, capture_output=True, check=False)

    assert ended.returncode == 2
    assert reason in ended.stderr.decode()
