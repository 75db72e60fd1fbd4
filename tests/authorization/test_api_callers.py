"""An API caller is who the authenticator found, whatever else the request carries."""

from __future__ import annotations

import pytest

from tests.authorization.personas import PERSONAS
from tests.authorization.probe import Matrix, Transport
from tests.authorization.rows import ROWS

_USERS = "/api/v1/tenants/acme/users"
_JSON = {"Accept": "application/json"}


@pytest.mark.parametrize("header", ["Basic eDp5", "Negotiate x", "x", ""])
@pytest.mark.parametrize("name", ["grace", "lapsed"])
def test_a_header_of_another_scheme_confirms_no_session(matrix: Matrix, name: str, header: str) -> None:
    """O3, S6: the session signs in, so its identity has to be confirmed as ever."""
    browser = matrix.browser(PERSONAS[name])
    response = browser.get(_USERS, headers={**_JSON, "Authorization": header})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    assert "canary" not in response.content.decode()


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "bearer x", "BEARER a.b.c"])
def test_a_bad_bearer_is_not_rescued_by_a_good_session(matrix: Matrix, header: str) -> None:
    """A14."""
    browser = matrix.browser(PERSONAS["owner"])
    assert browser.get(_USERS, headers=_JSON).status_code == 200
    assert browser.get(_USERS, headers={**_JSON, "Authorization": header}).status_code == 401


def test_a_good_bearer_needs_no_renewal_of_a_session_beside_it(matrix: Matrix) -> None:
    """A bearer is confirmed by its own signature and age, and gets its own rights, not the session's."""
    browser = matrix.browser(PERSONAS["lapsed"])
    for name, status in (("bearer", 200), ("bearer_member", 403), ("bearer_b", 404)):
        header = {"Authorization": f"Bearer {matrix.tokens[name]}"}
        assert browser.get(_USERS, headers={**_JSON, **header}).status_code == status


def test_a_page_of_the_api_shows_no_workspace_but_in_its_answer(matrix: Matrix) -> None:
    """Z4: neither a refusal nor another list has the switcher's names around it."""
    (me,) = [row for row in ROWS if row.id == "OPTIONS api:me"]
    for name in ("owner", "bearer", "bearer_owner_by_operator"):
        answer = matrix.ask(me, PERSONAS[name], Transport.PAGE)
        assert answer.response.status_code == 200
        assert "canary" not in answer.whole
