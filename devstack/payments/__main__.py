"""Serve the stand-in: `python -m devstack.payments --port P --database-url URL`."""

from __future__ import annotations

import argparse
import os

import psycopg
from psycopg_pool import PoolTimeout

from devstack import environment
from devstack.errors import CannotRunError, run_main
from devstack.payments.api import Api
from devstack.payments.clock import Clock, Ticker
from devstack.payments.store import Store
from devstack.standin import StandInServer, serve_until_told


def main() -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="devstack.payments", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database-url", required=True)
    arguments = parser.parse_args()
    environment.refuse_real_world(environment.PAYMENTS, os.environ)
    secret_key = os.environ.get("STRIPE_SECRET_KEY", "")
    if not secret_key.startswith("sk_test_"):
        message = "the payments stand-in needs STRIPE_SECRET_KEY, a key that begins with sk_test_."
        raise CannotRunError(message)
    try:
        store = Store(arguments.database_url)
    except (psycopg.Error, PoolTimeout) as error:
        message = f"the payments stand-in cannot use its database: {str(error).strip().splitlines()[0]}."
        raise CannotRunError(message) from error
    try:
        store.base_url = f"http://127.0.0.1:{arguments.port}"
        api = Api(store, secret_key=secret_key)
        clock = Clock(store)
        actions = {"reset": api.reset, "clock": clock.order, "rate_limit": api.rate_limit.order}
        try:
            server = StandInServer(arguments.port, api.answer, actions=actions)
        except OSError as error:
            message = f"the payments stand-in cannot open port {arguments.port}: {error.strerror}."
            raise CannotRunError(message) from error
        ticker = Ticker(clock)
        ticker.start()
        try:
            serve_until_told(server)
        finally:
            ticker.stop()
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    run_main(main)
