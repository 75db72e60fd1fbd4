"""The gate watch, pointed at the identity stand-in."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from tests.contract.identity_browser import MONITOR, IdentityProvider


@pytest.fixture
def gate(provider: IdentityProvider, settings: Settings, db: None) -> IdentityProvider:
    """Return the stand-in, whose gate is as git says, with the monitor and both probes configured."""
    settings.AUTHENTIK_API_URL = ""
    settings.AUTHENTIK_API_TOKEN = MONITOR["AUTHENTIK_API_TOKEN"]
    settings.AUTHENTIK_PROBES = {
        probe: {
            "username": MONITOR[f"AUTHENTIK_PROBE_{probe.upper()}"],
            "password": MONITOR[f"AUTHENTIK_PROBE_{probe.upper()}_PASSWORD"],
        }
        for probe in ("operator", "outsider")
    }
    return provider
