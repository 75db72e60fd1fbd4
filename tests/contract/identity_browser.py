"""A browser and a client for the tests of the identity stand-in, on the standard library alone."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
from dataclasses import dataclass, field
from functools import cached_property
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

SECRETS = {"dezky-portal": "portal-secret", "dezky-operator": "operator-secret"}
MONITOR = {
    "AUTHENTIK_API_TOKEN": "monitor-token",
    "AUTHENTIK_PROBE_OPERATOR": "probe-operator@dezky.test",
    "AUTHENTIK_PROBE_OPERATOR_PASSWORD": "operator-password",
    "AUTHENTIK_PROBE_OUTSIDER": "probe-outsider@dezky.test",
    "AUTHENTIK_PROBE_OUTSIDER_PASSWORD": "outsider-password",
}
CALLBACK = "http://localhost/cli-callback"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPE = "openid profile email offline_access dezky:api"
PARAMETERS = {
    "redirect_uri": CALLBACK,
    "response_type": "code",
    "scope": SCOPE,
    "state": "state-1",
    "nonce": "nonce-1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
LOGIN_PATH = "/if/flow/default-authentication-flow/"
TIMEOUT_SECONDS = 10


def unverified(token: str) -> dict[str, Any]:
    """Return a token's claims without a look at its signature or its times."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; redirects are not followed."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode()

    @cached_property
    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object."""
        data = json.loads(self.body)
        assert isinstance(data, dict)
        return data

    @property
    def location(self) -> str:
        """Return where a redirect leads."""
        assert self.status == 302, (self.status, self.body[:200])
        return self.headers["Location"]

    @property
    def location_query(self) -> dict[str, str]:
        """Return the query parameters of the place where a redirect leads."""
        return dict(parse_qsl(urlsplit(self.location).query, keep_blank_values=True))


@dataclass(frozen=True)
class IdentityProvider:
    """A running stand-in."""

    port: int
    site_url: str

    @property
    def url(self) -> str:
        """Return its base address."""
        return f"http://127.0.0.1:{self.port}"

    def issuer(self, client_id: str) -> str:
        """Return an application's issuer."""
        return f"{self.url}/application/o/{client_id}/"

    def request(
        self,
        method: str,
        target: str,
        body: str | bytes = b"",
        headers: dict[str, str] | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> Answer:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_seconds)
        try:
            connection.request(method, target.removeprefix(self.url), body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, target: str, **headers: str) -> Answer:
        """GET without cookies."""
        return self.request("GET", target, headers=headers)

    def control(self, action: str, **message: object) -> dict[str, Any]:
        """Steer the stand-in."""
        answer = self.request("POST", "/_control", json.dumps({"action": action} | message))
        assert answer.status == 200, answer.text
        return answer.json

    def call(self, endpoint: str, client_id: str, **form: str) -> Answer:
        """Call an endpoint as a client, with client_secret_basic."""
        credentials = base64.b64encode(f"{client_id}:{SECRETS[client_id]}".encode()).decode()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Basic {credentials}",
        }
        target = f"/application/o/{endpoint}/"
        return self.request("POST", target, urlencode(form), headers)

    def redeem(self, code: str, client_id: str = "dezky-portal", **changes: str) -> Answer:
        """Redeem a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.call("token", client_id, **(form | {"code_verifier": VERIFIER} | changes))

    def refresh(self, refresh_token: str, client_id: str = "dezky-portal", **changes: str) -> Answer:
        """Redeem a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self.call("token", client_id, **(form | changes))

    def userinfo(self, access_token: str) -> Answer:
        """Ask for the claims of this moment."""
        return self.get("/application/o/userinfo/", Authorization=f"Bearer {access_token}")

    def introspect(self, token: str, client_id: str = "dezky-portal") -> dict[str, Any]:
        """Ask what a token is."""
        return self.call("introspect", client_id, token=token).json

    def verify(self, token: str, client_id: str = "dezky-portal") -> dict[str, Any]:
        """Verify a token as a strict client would and return its claims."""
        keys = self.get(f"/application/o/{client_id}/jwks/").json["keys"]
        kid = jwt.get_unverified_header(token)["kid"]
        (key,) = [jwt.PyJWK(key) for key in keys if key["kid"] == kid and key["use"] == "sig"]
        issuer = self.issuer(client_id)
        claims: dict[str, Any] = jwt.decode(token, key, ["RS256"], audience=client_id, issuer=issuer)
        return claims


@dataclass
class Browser:
    """A browser: keeps the provider's cookie."""

    provider: IdentityProvider
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, target: str, **form: str) -> Answer:
        """Send a request with the cookies, and keep those that come back."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        answer = self.provider.request(method, target, urlencode(form), headers)
        for name, morsel in SimpleCookie(answer.headers.get("Set-Cookie", "")).items():
            self.cookies[name] = morsel.value
        return answer

    def get(self, target: str) -> Answer:
        """GET a page."""
        return self.send("GET", target)

    def authorize(self, client_id: str = "dezky-portal", **changes: str) -> Answer:
        """Begin a sign-in at a client; an empty value leaves a parameter out."""
        parameters = {"client_id": client_id} | PARAMETERS | changes
        query = urlencode({name: value for name, value in parameters.items() if value})
        return self.get(f"/application/o/authorize/?{query}")

    def choose(self, login_url: str, email: str) -> Answer:
        """Click a person on the sign-in page and follow the redirect."""
        return self.get(self.send("POST", login_url, username=email).location)

    def code(self, email: str, client_id: str = "dezky-portal", **changes: str) -> str:
        """Sign in, or use the session, and return a code."""
        answer = self.authorize(client_id, **changes)
        if answer.location.startswith(LOGIN_PATH):
            answer = self.choose(answer.location, email)
        return answer.location_query["code"]

    def tokens(self, email: str, client_id: str = "dezky-portal", **changes: str) -> dict[str, Any]:
        """Sign in, or use the session, and return the token endpoint's answer."""
        return self.provider.redeem(self.code(email, client_id, **changes), client_id).json

    @property
    def is_signed_in(self) -> bool:
        """Tell whether the provider would give a code without asking."""
        return "code" in self.authorize(prompt="none").location_query
