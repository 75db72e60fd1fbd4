"""One world for all tests of a module: made once, in a transaction that is rolled back at its end.

Each request runs in a savepoint of its own, so what one persona does, no other one sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from django.conf import settings
from django.db import transaction
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from accounts import authentik
from accounts.authentik import Endpoints, ProviderUnavailable
from tests.authorization.no_stripe import leave_stripe_out
from tests.authorization.probe import Matrix, make_matrix
from tests.authorization.world import Signer, make_world

_IDP = "https://idp.test"
_ENDPOINTS = Endpoints(
    *(f"{_IDP}/{name}/" for name in ("authorize", "token", "userinfo", "jwks", "revoke", "introspect", "end"))
)


def _away(*_args: Any, **_kwargs: Any) -> NoReturn:
    raise ProviderUnavailable("the provider does not answer")


@pytest.fixture
def matrix(_signed_in: Matrix) -> Matrix:
    """Return the world with everybody signed in, no older than at its first test."""
    _signed_in.stand_still()
    return _signed_in


@pytest.fixture(scope="module")
def _signed_in(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Matrix]:
    """Return the world with everybody signed in, at a provider that has just stopped answering."""
    signer = Signer()
    clients = {name: {**values, "sign_out_url": f"{_IDP}/sign-out/"} for name, values in settings.OIDC_CLIENTS.items()}
    with (
        pytest.MonkeyPatch.context() as patch,
        override_settings(OIDC_CLIENTS=clients),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        leave_stripe_out(patch)
        patch.setattr(authentik, "refresh", _away)
        patch.setattr(authentik, "revoke", _away)
        patch.setattr(authentik, "signing_keys", signer.keys)
        patch.setattr(authentik, "discover", lambda _client: _ENDPOINTS)
        patch.setattr(authentik, "look_whether_it_answers", lambda _client: None)
        yield make_matrix(make_world(), signer)
        transaction.set_rollback(True)
