"""Methods that no row declares are refused, and unsafe ones want a CSRF token."""

from __future__ import annotations

import pytest

from tests.authorization.personas import PERSONAS, UNCONFIRMED
from tests.authorization.probe import Matrix, Transport
from tests.authorization.rows import PASSES, ROWS, Row

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
# Called by the provider and by Stripe, which prove themselves by a signature.
_NO_BROWSER = {"oidc:back-channel", "stripe:webhook"}
_ANY_METHOD = "api:unknown"  # answers for paths that don't exist: 404, whatever is asked


def _first_rows() -> list[Row]:
    """Return for each URL a row that somebody passes, if there is one."""
    found: dict[str, Row] = {}
    for row in sorted(ROWS, key=lambda row: bool(row.why_nobody)):
        found.setdefault(row.url, row)
    return list(found.values())


def _passing(row: Row) -> str:
    passing = {name for outcome in PASSES for name in row.outcomes.get(outcome, ())} - UNCONFIRMED
    return min(passing, default="owner")


@pytest.mark.parametrize("row", [row for row in _first_rows() if row.url != _ANY_METHOD], ids=lambda row: row.url)
def test_a_method_that_no_row_declares_is_not_allowed(matrix: Matrix, row: Row) -> None:
    """Z10: asked by a persona that passes, so that nothing but the method is in the way."""
    declared = {other.method for other in ROWS if other.url == row.url}
    for method in set(_METHODS) - declared:
        answer = matrix.ask(row, PERSONAS[_passing(row)], Transport.PAGE, method=method)
        assert (method, answer.response.status_code) == (method, 405)
        assert method not in answer.response.headers["Allow"].split(", ")
        assert not answer.wrote
        assert answer.canaries(matrix.world) - PERSONAS[_passing(row)].knows == set()


@pytest.mark.parametrize("row", [row for row in _first_rows() if row.method == "GET"], ids=lambda row: row.url)
def test_head_tells_as_much_as_get_and_shows_nothing(matrix: Matrix, row: Row) -> None:
    """Z10: or it is not allowed at all."""
    for name in ("anonymous", "nobody", "lapsed", _passing(row)):
        get = matrix.ask(row, PERSONAS[name], Transport.PAGE)
        head = matrix.ask(row, PERSONAS[name], Transport.PAGE, method="HEAD")
        assert head.response.status_code in (get.response.status_code, 405)
        assert head.response.content == b""
        assert head.canaries(matrix.world) == set()


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.method == "POST" and row.url not in _NO_BROWSER], ids=lambda row: row.id
)
def test_an_unsafe_request_without_a_token_is_refused(matrix: Matrix, row: Row) -> None:
    """H3."""
    for transport in (Transport.PAGE, Transport.HTMX):
        answer = matrix.ask(row, PERSONAS[_passing(row)], transport, checks_csrf=True)
        assert answer.response.status_code == 403
        assert not answer.wrote


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("row", [row for row in _first_rows() if row.is_api], ids=lambda row: row.url)
def test_an_unsafe_call_of_a_session_without_a_token_is_refused(matrix: Matrix, row: Row, method: str) -> None:
    """H3: the API asks sessions for the token too."""
    name = "operator" if "operator" in row.url else "delegate"
    answer = matrix.ask(row, PERSONAS[name], Transport.JSON, method=method, checks_csrf=True)
    assert answer.response.status_code in (403, 404)
    assert answer.response.headers["Content-Type"].startswith("application/problem+json") or row.url == _ANY_METHOD
