"""Unknown, foreign and suspended can't be told apart: the same bytes, the same headers (Z6)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.authorization.personas import PERSONAS
from tests.authorization.probe import Matrix, Transport, path_of

_SLUGS = ["nowhere", "globex", "initech", "umbrella", "hooli"]
_CHILD = ("tenants:person-role", "tenants:person-remove")
_PAGES = ("dashboard:overview", "tenants:people", "tenants:audit", *_CHILD)
_CASES = [
    *(("GET", url, transport) for url in _PAGES for transport in (Transport.PAGE, Transport.HTMX)),
    *(("POST", url, transport) for url in _CHILD for transport in (Transport.PAGE, Transport.HTMX)),
    *(("GET", f"api:{name}", Transport.JSON) for name in ("tenant", "users", "audit", "invoices", "billing-info")),
    ("GET", "api:users", Transport.PAGE),
    ("PUT", "api:users", Transport.JSON),
]
_NONCE = re.compile(r"nonce-[\w+/=-]+|nonce=\"[^\"]+\"")
_TOKEN = re.compile(r"(csrf-token\" content|csrfmiddlewaretoken\" value)=\"\w+\"")


def _plain(response: Any, slug: str) -> tuple[int, str, dict[str, str], list[str]]:
    """Return an answer without what differs in every answer: nonce, CSRF token, request id and slug."""
    request_id = response.headers["X-Request-Id"]

    def plain(text: str) -> str:
        text = _TOKEN.sub(r"\1", _NONCE.sub("nonce", text)).replace(request_id, "id")
        return text.replace(f"/{slug}/", "/slug/").replace(f"/{slug}", "/slug")

    headers = {name: plain(value) for name, value in response.items() if name != "Content-Length"}
    return response.status_code, plain(response.content.decode()), headers, sorted(response.cookies)


@pytest.mark.parametrize("name", ["owner", "member", "delegate", "assigned", "rival", "support", "nobody"])
@pytest.mark.parametrize(("method", "url", "transport"), _CASES)
def test_what_is_not_there_for_me_is_not_there_in_one_way(
    matrix: Matrix, method: str, url: str, transport: Transport, name: str
) -> None:
    """Z6."""
    answers = []
    for slug in _SLUGS:
        args = {"slug": slug}
        if url in _CHILD:
            args["membership_id"] = str(matrix.world.targets["acme" if slug == "nowhere" else slug])
        browser = matrix.browser(PERSONAS[name])
        path = path_of(url, args)
        response = getattr(browser, method.lower())(path, headers=transport.headers)
        child = args.get("membership_id", "")
        status, body, headers, cookies = _plain(response, slug)
        answers.append((status, body.replace(child, "child") if child else body, headers, cookies))
    assert answers[0][0] == 404
    assert answers == [answers[0]] * len(_SLUGS)


@pytest.mark.parametrize("url", ["partner:customer"])
@pytest.mark.parametrize("name", ["rival", "agent"])
def test_a_firm_can_not_tell_a_foreign_customer_from_none(matrix: Matrix, name: str, url: str) -> None:
    """Z6."""
    slugs = ["nowhere", "globex", "initech", "acme"]
    found = [_plain(matrix.browser(PERSONAS[name]).get(path_of(url, {"slug": slug})), slug) for slug in slugs]
    assert found[0][0] == 404
    assert found == [found[0]] * len(slugs)


@pytest.mark.parametrize("url", ["dashboard:overview", "tenants:people", "tenants:audit"])
def test_a_stranger_is_sent_to_sign_in_whatever_the_slug(matrix: Matrix, url: str) -> None:
    """Z6: no difference in the redirect either."""
    browser = matrix.browser(PERSONAS["anonymous"])
    found = {
        browser.get(path_of(url, {"slug": slug})).headers["Location"].replace(slug, "slug")
        for slug in ["acme", *_SLUGS]
    }
    assert len(found) == 1
