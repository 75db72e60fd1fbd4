"""The matrix holds: every URL and method, every persona, every state, every transport (Z1, Z2, Z8, S3, S8)."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from tests.authorization.personas import EVERYONE
from tests.authorization.probe import Matrix, Transport, urls
from tests.authorization.rows import PASSES, ROWS, Row

# Django's admin answers for unknown paths by a URL without a name; test_admin_site asks it by path.
_GENERIC = "admin"
_IS_FULL = os.environ.get("DEZKY_PROVE") == "full"


def _transports(row: Row) -> list[Transport]:
    return [Transport.JSON, Transport.PAGE] if row.is_api else [Transport.PAGE, Transport.HTMX]


def _personas(row: Row, transport: Transport) -> frozenset[str]:
    """Return whom to ask as: all by a row's first transport, by the second one of each outcome."""
    if _IS_FULL or (transport is _transports(row)[0] and row.method != "OPTIONS"):
        return EVERYONE
    return frozenset(min(names) for names in row.outcomes.values() if names) | {"anonymous"}


_CASES = [pytest.param(row, transport, id=f"{row.id} by {transport}") for row in ROWS for transport in _transports(row)]


def test_every_url_has_a_row_and_every_row_a_url() -> None:
    """Z1."""
    declared = {row.url for row in ROWS}
    assert {name for name, _ in urls() if not name.startswith(f"{_GENERIC}:")} == declared


def test_every_url_has_a_name_and_a_namespace() -> None:
    """Z1: what has no name can't be declared."""
    names = {name for name, _ in urls()}
    assert {name for name in names if "?" in name and not name.startswith(f"{_GENERIC}:")} == set()
    assert {name for name in names if ":" not in name} == set()


def test_no_row_is_declared_twice() -> None:
    assert len({row.id for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_names_every_persona_once_and_one_that_passes(row: Row) -> None:
    """Z2: a 404 for all would look like safety."""
    named = [name for names in row.outcomes.values() for name in names]
    assert sorted(named) == sorted(EVERYONE)
    assert bool(row.why_nobody) == (not any(row.outcomes.get(outcome) for outcome in PASSES))


def test_what_is_closed_to_all_in_one_state_is_open_to_somebody_in_another() -> None:
    """Z2."""
    passing = {(row.url, row.method) for row in ROWS if not row.why_nobody}
    closed = {(row.url, row.method) for row in ROWS if row.why_nobody and row.state}
    assert closed - passing == set()


@pytest.mark.proof
@pytest.mark.parametrize(("row", "transport"), _CASES)
def test_every_persona_gets_what_the_row_says(matrix: Matrix, row: Row, transport: Transport) -> None:
    """Z2, Z4, Z8, S3, S8: outcome, unchanged rows after a refusal, and no foreign data in any answer."""
    assert matrix.mismatches(row, transport, _personas(row, transport)) == {}


def test_on_a_slow_machine_nobody_grows_old(matrix: Matrix) -> None:
    """An hour into the run everybody is asked as at its beginning: the fresh are fresh, the stale are stale."""
    refresh, pays = (
        next(row for row in ROWS if row.id == name)
        for name in ("POST session:refresh client=portal", "POST api:invoice-pay (acme)")
    )
    matrix.age(timedelta(hours=1))
    assert matrix.mismatches(refresh, Transport.PAGE) != {}
    matrix.stand_still()
    assert matrix.mismatches(refresh, Transport.PAGE) == {}
    assert matrix.mismatches(pays, Transport.JSON) == {}
