"""A payments stand-in of the tests' own, on the PostgreSQL of `bin/dezky test`, checked at every call."""

from __future__ import annotations

import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql
from stripe import StripeClient

from tests.contract.checked_stripe import CheckedStripe, serve_stripe


@dataclass(frozen=True)
class Payments:
    """A running stand-in, and Stripe's own library pointed at it."""

    url: str
    stripe: StripeClient
    standin: CheckedStripe

    @property
    def browser(self) -> StripeClient:
        """Return the library with the publishable key, as a browser would ask."""
        return _client(self.standin.publishable_key, self.url)

    def ask(
        self, path: str, *, key: str | None = "", body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Return status, content and headers of a call made by hand; an empty key is the secret one."""
        given = self.standin.secret_key if key == "" else key
        sent = {"Authorization": f"Bearer {given}"} if given else {}
        request = urllib.request.Request(
            self.url + path, body.encode() if body is not None else None, {**sent, **(headers or {})}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, json.load(answer), dict(answer.headers)
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, json.load(answer), dict(answer.headers)


@contextmanager
def own_database() -> Iterator[str]:
    """Make a database for a stand-in and give its address."""
    superuser_url = os.environ.get("TEST_DATABASE_SUPERUSER_URL")
    if not superuser_url:
        pytest.skip("needs the PostgreSQL of bin/dezky test")
    name = f"payments_{secrets.token_hex(4)}"
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(urlsplit(superuser_url)._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def payments_server() -> Iterator[CheckedStripe]:
    """Serve a stand-in on a database of its own."""
    with own_database() as url, serve_stripe(url) as standin:
        yield standin


@pytest.fixture
def payments(payments_server: CheckedStripe) -> Iterator[Payments]:
    """Give the stand-in as it is after a reset; afterwards every call must have fitted Stripe's description."""
    payments_server.reset()
    url = payments_server.base_url
    yield Payments(url, _client(payments_server.secret_key, url), payments_server)
    payments_server.check()


def _client(key: str, url: str) -> StripeClient:
    return StripeClient(key, base_addresses={"api": url}, max_network_retries=0)


def control(url: str, **order: object) -> dict[str, Any]:
    """Steer the stand-in and return what it says."""
    request = urllib.request.Request(f"{url}/_control", json.dumps(order).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        said: dict[str, Any] = json.load(answer)
        return said
