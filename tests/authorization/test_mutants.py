"""The quality gate of the matrix: every mutant of the guards is noticed by it."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from tests.authorization.mutants import BEHIND, MUTANTS, Mutant
from tests.authorization.personas import EVERYONE, PERSONAS
from tests.authorization.probe import Matrix, Transport
from tests.authorization.rows import ROWS

# What a layer says that asks nothing.
_WITHOUT: dict[str, Any] = {
    "process_view": lambda *_args: None,
    "has_permission": lambda *_args: True,
    "dispatch": lambda *_args, **_kwargs: HttpResponse("let in"),
}
_ROWS = {row.id: row for row in ROWS}


def _is_noticed(matrix: Matrix, mutant: Mutant) -> bool:
    """Return whether a persona gets what its row forbids, or not what it grants."""
    row = _ROWS[mutant.dies_at]
    transports = [Transport.JSON] if row.is_api else [Transport.PAGE, Transport.HTMX]
    return any(
        matrix.mismatches(row, transport, frozenset({name})) for transport in transports for name in sorted(EVERYONE)
    )


_BEHIND = [(layer, mutant) for layer, mutants in BEHIND.items() for mutant in mutants]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.id)
def test_the_matrix_notices_a_mutant(matrix: Matrix, mutant: Mutant) -> None:
    """Z2: a row of the matrix fails while the mutant lives."""
    with mutant.alive():
        assert _is_noticed(matrix, mutant)


@pytest.mark.parametrize(("layer", "mutant"), _BEHIND, ids=lambda value: getattr(value, "id", value))
def test_a_mutant_behind_another_layer_is_noticed_without_it(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch, layer: str, mutant: Mutant
) -> None:
    """O1: and with that layer in its place, nobody comes through, the mutant notwithstanding."""

    def refused() -> set[str]:
        path = "/support/" if mutant.dies_at == "support" else matrix.path(_ROWS[mutant.dies_at])
        return {name for name in EVERYONE if matrix.browser(PERSONAS[name]).get(path).status_code != 200}

    with mutant.alive():
        with_layer = refused()
    assert with_layer >= refused()
    monkeypatch.setattr(layer, _WITHOUT[layer.rsplit(".", 1)[1]])
    healthy = refused()
    with mutant.alive():
        assert refused() != healthy


def test_a_mutant_is_gone_afterwards(matrix: Matrix) -> None:
    for mutant in MUTANTS:
        with mutant.alive():
            pass
    assert not any(_is_noticed(matrix, mutant) for mutant in MUTANTS[:1])


def test_a_mutant_whose_text_is_gone_is_told() -> None:
    stale = Mutant("accounts.guards.decide", "no such text", "", "GET launcher:home")
    with pytest.raises(LookupError, match="rewrite the mutant"), stale.alive():
        pass
