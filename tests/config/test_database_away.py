"""PostgreSQL away: 503, wherever in the request it is missed (R1)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from accounts import sessions
from tests.factories import UserFactory
from tests.fixtures.people import SignIn


def _away(error: type[Exception]) -> Any:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise error("terminating connection due to unexpected postmaster exit")

    return fail


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
@pytest.mark.parametrize(("path", "kind"), [("/me/", "text/html"), ("/api/v1/me", "application/problem+json")])
def test_r1_a_database_missed_in_the_middleware_is_503(
    error: type[Exception], path: str, kind: str, monkeypatch: pytest.MonkeyPatch, sign_in: SignIn
) -> None:
    browser = sign_in(UserFactory())
    monkeypatch.setattr(sessions, "session_of", _away(error))

    answer = browser.get(path)

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"].startswith(kind)
    assert b"database can" in answer.content


def test_another_error_of_the_middleware_stays_500(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "session_of", _away(RuntimeError))
    answer = Client(raise_request_exception=False).get("/healthz")
    assert answer.status_code == 500
