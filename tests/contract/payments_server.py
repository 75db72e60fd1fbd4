"""A payments stand-in of the tests' own, on the PostgreSQL of `bin/dezky test`."""

from __future__ import annotations

import json
import os
import secrets
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import stripe
from psycopg import sql

from devstack.payments.api import Api
from devstack.payments.clock import Clock
from devstack.payments.store import Store
from devstack.standin import StandInServer
from tests.devstack.helpers import serving

SECRET_KEY = "sk_test_of_the_contract_tests"


@dataclass(frozen=True)
class Payments:
    """A running stand-in, and Stripe's own library pointed at it."""

    url: str
    stripe: stripe.StripeClient


@pytest.fixture(scope="session")
def payments_server() -> Iterator[str]:
    """Serve a stand-in on a database of its own."""
    superuser_url = os.environ.get("TEST_DATABASE_SUPERUSER_URL")
    if not superuser_url:
        pytest.skip("needs the PostgreSQL of bin/dezky test")
    name = f"payments_{secrets.token_hex(4)}"
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        store = Store(urlunsplit(urlsplit(superuser_url)._replace(path=f"/{name}")))
        api = Api(store, secret_key=SECRET_KEY)
        actions = {"reset": api.reset, "clock": Clock(store).order, "rate_limit": api.rate_limit.order}
        with serving(StandInServer(0, api.answer, actions=actions)) as url:
            store.base_url = url
            yield url
        store.close()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def payments(payments_server: str) -> Payments:
    """Give the stand-in as it is after a reset."""
    control(payments_server, action="clock", reset=True)
    control(payments_server, action="rate_limit", per_second=None)
    control(payments_server, action="reset")
    client = stripe.StripeClient(SECRET_KEY, base_addresses={"api": payments_server}, max_network_retries=0)
    return Payments(payments_server, client)


def control(url: str, **order: object) -> dict[str, Any]:
    """Steer the stand-in and return what it says."""
    request = urllib.request.Request(f"{url}/_control", json.dumps(order).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        said: dict[str, Any] = json.load(answer)
        return said
