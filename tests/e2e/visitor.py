"""A visitor without a browser: one request at a time, nothing followed unless asked."""

from __future__ import annotations

import http.client
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from django.contrib.sessions.serializers import JSONSerializer
from django.core import signing

from devstack import data_dir as data
from tests.e2e.stack import Stack

TIMEOUT_SECONDS = 30.0
_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"|name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """One answer; redirects are answers too."""

    url: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode(errors="replace")

    @property
    def json(self) -> Any:
        """Return the body's JSON."""
        return json.loads(self.body)

    @property
    def kind(self) -> str:
        """Return the content type alone."""
        return self.headers.get_content_type()

    @property
    def location(self) -> str:
        """Return where a redirect leads, as the server wrote it."""
        assert 300 <= self.status < 400, (self.status, self.text[:300])
        return self.headers["Location"]

    @property
    def csrf(self) -> str:
        """Return the page's CSRF token."""
        found = _CSRF.search(self.text)
        assert found, self.text[:300]
        return found[1] or found[2]


@dataclass
class Visitor:
    """Keeps cookies; a browser would send them to both ports of this host, and so does this."""

    stack: Stack
    cookies: dict[str, str] = field(default_factory=dict)

    def send(
        self,
        method: str,
        target: str,
        body: str | bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        has_cookies: bool = True,
    ) -> Answer:
        """Send one request on a connection of its own; `target` is a path of the site, or an address."""
        url = target if target.startswith("http") else self.stack.url + target
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if has_cookies else {}
        try:
            # The path as the test wrote it: hostile ones must not be tidied on the way.
            path = url.removeprefix(f"{parts.scheme}://{parts.netloc}")
            # A server may answer and hang up before it has read all; as in a browser, its answer counts.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, path, body, sent | (headers or {}))
            response = connection.getresponse()
            answer = Answer(url, response.status, response.headers, response.read())
        finally:
            connection.close()
        for header in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def get(self, target: str, **headers: str) -> Answer:
        """GET one page."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("GET", target, headers=named)

    def post(self, target: str, csrf: str = "", **fields: str) -> Answer:
        """POST a form."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Referer": self.stack.url + "/"}
        form = fields | ({"csrfmiddlewaretoken": csrf} if csrf else {})
        return self.send("POST", target, urlencode(form), headers)

    def follow(self, answer: Answer) -> Answer:
        """Follow redirects to their end."""
        for _ in range(10):
            if not 300 <= answer.status < 400:
                return answer
            answer = self.get(urljoin(answer.url, answer.location))
        raise AssertionError(f"redirects without end at {answer.url}")

    def sign_in(self, email: str, client: str = "portal", **query: str) -> Answer:
        """Sign in as the contract tells a script to; return the page it ended on."""
        callback = self.callback(email, client, **query)
        return self.follow(self.get(callback))

    def callback(self, email: str, client: str = "portal", **query: str) -> str:
        """Sign in at the provider, and return the address that it sends the browser back to, unvisited."""
        answer = self.get(f"/oidc/{client}/login/?{urlencode(query)}")
        while 300 <= answer.status < 400:
            target = urljoin(answer.url, answer.location)
            if f"/oidc/{client}/callback/" in target:
                return target
            answer = self.get(target)
        answer = self.post(answer.url, username=email)
        while True:
            target = urljoin(answer.url, answer.location)
            if f"/oidc/{client}/callback/" in target:
                return target
            answer = self.get(target)


def browser_session(stack: Stack, cookie: str) -> dict[str, Any]:
    """Return what the site remembers behind a session cookie."""
    stored = stack.value("SELECT session_data FROM django_session WHERE session_key = %s", cookie)
    session: dict[str, Any] = signing.loads(stored, **_signing(stack))
    return session


def keep_browser_session(stack: Stack, cookie: str, session: dict[str, Any]) -> None:
    """Replace what the site remembers behind a session cookie."""
    stored = signing.dumps(session, compress=True, **_signing(stack))
    assert stack.change("UPDATE django_session SET session_data = %s WHERE session_key = %s", stored, cookie) == 1


def _signing(stack: Stack) -> dict[str, Any]:
    key = data.read(stack.directory / "secrets.json")["SECRET_KEY"]
    return {"key": key, "salt": "django.contrib.sessions.SessionStore", "serializer": JSONSerializer}
