"""What every test stands on: real PostgreSQL, with the roles of production."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from tests.databases import fresh_database

pytest_plugins = ["tests.fixtures.people", "tests.fixtures.provider", "tests.fixtures.stripe"]


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Give this worker a database of its own: a copy of one that was migrated once.

    The tests speak to it as the application does, in a role that is subject to row-level security.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    with django_db_blocker.unblock(), fresh_database(f"dezky_test_{worker}") as name:
        connections["default"].close()
        connections["default"].settings_dict["NAME"] = name
        yield
        connections["default"].close()


@pytest.fixture(scope="session", autouse=True)
def _plain_static_files() -> Iterator[None]:
    """Let pages be drawn without collected files: the names of their files carry no hash here."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    """Let no test see what another one cached of the identity provider."""
    from accounts import authentik  # noqa: PLC0415 - Django is set up by now

    authentik.cache.clear()
    yield
    authentik.cache.clear()
