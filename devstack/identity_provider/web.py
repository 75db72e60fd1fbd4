"""Requests and responses as plain values; the sockets are in `server`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from functools import cached_property
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from .pages import CONTENT_SECURITY_POLICY

COOKIE = "authentik_session"


@dataclass(frozen=True)
class Request:
    """One HTTP request, read whole."""

    method: str
    target: str
    headers: Message
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        """Return the path without the query string."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        """Return the query parameters; of a repeated one the last counts, as in Django."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, str]:
        """Return the form fields of the body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def parameters(self) -> dict[str, str]:
        """Return the form of a POST and the query of anything else."""
        return self.form if self.method == "POST" else self.query

    @property
    def base_url(self) -> str:
        """Return scheme and host as the caller wrote them."""
        return f"http://{self.headers.get('Host', '127.0.0.1')}"

    @cached_property
    def session_key(self) -> str | None:
        """Return the value of the provider's session cookie."""
        try:
            morsel = SimpleCookie(self.headers.get("Cookie", "")).get(COOKIE)
        except CookieError:
            return None
        return morsel.value if morsel else None


@dataclass
class Response:
    """One HTTP response; the server adds what every response carries."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


def json_response(data: Mapping[str, Any], status: int = 200) -> Response:
    """Return `data` as JSON."""
    return Response(status, json.dumps(data).encode(), {"Content-Type": "application/json"})


def html_response(page: str, status: int = 200) -> Response:
    """Return a whole HTML page, which may load nothing but its own style."""
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return Response(status, page.encode(), headers)


def redirect(url: str) -> Response:
    """Send the browser to `url` with a 302."""
    return Response(302, b"", {"Location": url})


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """Return `url` with `parameters` added to its query string."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}"


def set_session_cookie(response: Response, key: str) -> Response:
    """Give the browser its session at the provider, until it closes."""
    response.headers["Set-Cookie"] = f"{COOKIE}={key}; Path=/; HttpOnly; SameSite=Lax"
    return response


def clear_session_cookie(response: Response) -> Response:
    """Take the browser's session cookie away."""
    response.headers["Set-Cookie"] = f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    return response
