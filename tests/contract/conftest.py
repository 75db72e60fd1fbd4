"""Stand-ins as real processes for the contract tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .identity_browser import Browser, IdentityProvider
from .identity_server import Site, free_port, start_identity_provider, stop
from .payments_server import payments, payments_server


@pytest.fixture(scope="session")
def identity_site() -> Iterator[Site]:
    """Serve the site that the identity stand-in sends back-channel logouts to."""
    site = Site()
    server = site.serve()
    yield site
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def identity_process(identity_site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    """Run one identity stand-in for all tests."""
    data_dir = tmp_path_factory.mktemp("identity")
    process, provider = start_identity_provider(free_port(), identity_site.url, data_dir)
    yield provider
    assert stop(process) == 0


@pytest.fixture
def identity_provider(identity_process: IdentityProvider, identity_site: Site) -> IdentityProvider:
    """Return the stand-in, well-behaved and with nobody signed in."""
    identity_process.control("reset", sessions=True)
    identity_site.statuses.clear()
    assert identity_site.notices.empty()
    return identity_process


@pytest.fixture
def browser(identity_provider: IdentityProvider) -> Browser:
    """Return a browser without cookies."""
    return Browser(identity_provider)


__all__ = ["browser", "identity_process", "identity_provider", "identity_site", "payments", "payments_server"]
