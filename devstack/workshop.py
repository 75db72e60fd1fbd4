"""The place where tests run: an own fast PostgreSQL, and an environment that names no real service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devstack import data_dir as data
from devstack import environment, processes
from devstack.environment import Ports
from devstack.errors import CannotRunError
from devstack.postgres import SUPERUSER, Cluster
from devstack.processes import Run

_SLOTS = 4


@contextmanager
def open_workshop(parent: Path | None = None) -> Iterator[dict[str, str]]:
    """Start the PostgreSQL of the tests and give their environment; stop it at the end.

    Several may be open at once, each in a directory of its own: test, test-2 and so on.
    """
    base = parent or data.choose(None)
    base.mkdir(mode=0o711, parents=True, exist_ok=True)
    for number in range(1, _SLOTS + 1):
        directory = base / ("test" if number == 1 else f"test-{number}")
        directory.mkdir(mode=0o711, exist_ok=True)
        lock = data.try_lock(directory / "up.lock")
        if lock is not None:
            break
    else:
        message = f"{_SLOTS} test runs are going on in {base} already: wait for one of them."
        raise CannotRunError(message)
    with lock:
        processes.stop_all(processes.leftovers(str(directory)))
        data.create(directory)
        run = Run(directory)
        cluster = _start(directory, run)
        try:
            yield run.marked(_variables(directory, cluster))
        finally:
            cluster.stop()
            run.dismiss_guardian()


def _start(directory: Path, run: Run) -> Cluster:
    cluster = Cluster(directory, fast=True, run=run)
    try:
        cluster.start()
    except CannotRunError:
        # Nothing in it is worth keeping, and fast mode does not survive a power cut.
        data.empty(directory)
        data.create(directory)
        cluster.start()
    cluster.ensure_roles()
    cluster.ensure_database("dezky")
    return cluster


def _variables(directory: Path, cluster: Cluster) -> dict[str, str]:
    urls = {
        "DATABASE_URL": cluster.url("dezky_app", "dezky"),
        "DATABASE_OWNER_URL": cluster.url("dezky_owner", "dezky"),
    }
    # Nothing of the caller's: a test must never meet a real service.
    product = environment.build(directory, Ports(), given={}, database_urls=urls)
    kept = {name: value for name, value in os.environ.items() if name not in environment.PRODUCT_VARIABLES}
    return {
        **kept,
        **product,
        "ENVIRONMENT_NAME": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "TEST_DATABASE_SUPERUSER_URL": cluster.url(SUPERUSER, SUPERUSER),
        # Playwright's synchronous API runs an event loop in the thread of the test.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }
