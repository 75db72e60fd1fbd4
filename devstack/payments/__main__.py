"""Serve the stand-in: `python -m devstack.payments --port P --database-url URL [--webhook-url URL]`."""

from __future__ import annotations

import argparse
import os

import psycopg
from psycopg_pool import PoolTimeout

from devstack import environment
from devstack.errors import CannotRunError, run_main
from devstack.payments.service import Service
from devstack.payments.store import Store
from devstack.payments.webhooks import Seeded
from devstack.standin import serve_until_told


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="devstack.payments", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--webhook-url", help="where events go, signed with STRIPE_WEBHOOK_SECRET")
    arguments = parser.parse_args()
    environment.refuse_real_world(environment.PAYMENTS, os.environ)
    secret_key = os.environ.get("STRIPE_SECRET_KEY", "")
    if not secret_key.startswith("sk_test_"):
        message = "the payments stand-in needs STRIPE_SECRET_KEY, a key that begins with sk_test_."
        raise CannotRunError(message)
    webhook = _webhook(arguments.webhook_url)
    try:
        store = Store(arguments.database_url)
    except (psycopg.Error, PoolTimeout) as error:
        message = f"the payments stand-in cannot use its database: {str(error).strip().splitlines()[0]}."
        raise CannotRunError(message) from error
    try:
        publishable_key = os.environ.get("STRIPE_PUBLISHABLE_KEY", "")
        service = Service(store, secret_key=secret_key, publishable_key=publishable_key, webhook=webhook)
        try:
            server = service.server(arguments.port)
        except OSError as error:
            message = f"the payments stand-in cannot open port {arguments.port}: {error.strerror}."
            raise CannotRunError(message) from error
        service.start()
        try:
            serve_until_told(server)
        finally:
            service.stop()
    finally:
        store.close()
    return 0


def _webhook(url: str | None) -> Seeded | None:
    """Return the endpoint that is there from the start; two secrets stand with a comma between."""
    secrets = [each.strip() for each in os.environ.get("STRIPE_WEBHOOK_SECRET", "").split(",")]
    given = tuple(each for each in secrets if each)
    if url and not given:
        message = "the payments stand-in needs STRIPE_WEBHOOK_SECRET to sign what it sends to --webhook-url."
        raise CannotRunError(message)
    return Seeded(url, given) if url else None


if __name__ == "__main__":
    run_main(main)
