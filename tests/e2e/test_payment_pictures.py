"""The form of a card in all its states: wide and narrow, light and dark; `DEZKY_PICTURES` keeps the pictures."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.card_desk import (
    CARD,
    CHALLENGED,
    DECLINED,
    SCRIPT,
    Desk,
)
from tests.e2e.card_fixtures import stand_at_desk
from tests.e2e.conftest import Open
from tests.e2e.web_server import WebServer


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["wide", "narrow"])
def test_it_looks_right(
    open_till: Open, pictures: Any, with_card_element: WebServer, size: tuple[int, int], scheme: str
) -> None:
    watched = open_till(width=size[0], height=size[1], color_scheme=scheme)
    desk = stand_at_desk(watched)
    name = f"payment-method-{{}}-{size[0]}-{scheme}.png"
    desk.open()
    watched.check()
    desk.page.screenshot(path=pictures / name.format("empty"))
    with watched.expecting(402):
        desk.save(DECLINED)
        expect(desk.said).to_be_visible()
    watched.check()
    desk.page.screenshot(path=pictures / name.format("declined"))
    desk.save(CHALLENGED)
    expect(desk.challenge.get_by_role("button", name="Complete authentication")).to_be_visible()
    desk.page.screenshot(path=pictures / name.format("bank"))
    desk.challenge.get_by_role("button", name="Complete authentication").click()
    desk.is_saved("3155")
    watched.check()
    desk.page.screenshot(path=pictures / name.format("saved"))
    desk.page.goto(f"{desk.origin}{desk.path}payment-method/")
    desk.is_ready()
    watched.check()
    watched.check_reflow()
    desk.page.screenshot(path=pictures / name.format("page"))
    other = Desk(watched, desk.slug, with_card_element.url)
    other.open()
    other.fill(CARD)
    watched.check()
    desk.page.screenshot(path=pictures / name.format("card-element"))
    desk.page.route(SCRIPT, lambda route: route.abort("connectionreset"))
    desk.open(waits=False)
    expect(desk.dialog.get_by_role("button", name="Try again")).to_be_visible()
    desk.forgive()
    watched.check()
    desk.page.screenshot(path=pictures / name.format("trouble"))
