"""All rules together: those that read the files, those that look at what becomes of them, and that they apply."""

from __future__ import annotations

from tests.authentik.core import NotApplied
from tests.authentik.documents import Blueprint
from tests.authentik.looks import LOOKS, said
from tests.authentik.readings import READINGS
from tests.authentik.worlds import applied

APPLIES = "applies"
NAMES = {*READINGS, *LOOKS, APPLIES}


def broken(blueprints: list[Blueprint]) -> dict[str, list[str]]:
    """Return what is wrong, by the rule that says so; where a file does not apply there is nothing to look at."""
    found = {name: list(check(blueprints)) for name, check in READINGS.items()}
    try:
        cores = list(applied(blueprints))
    except NotApplied as error:
        found[APPLIES] = [str(error)]
    else:
        found |= {name: [word for core in cores for word in said(check, core)] for name, check in LOOKS.items()}
    return {name: problems for name, problems in found.items() if problems}
