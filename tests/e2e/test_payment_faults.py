"""Must show 1: the network breaks, or Stripe does, at each step of adding a card, and nothing is lost or done twice."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.card_desk import (
    CHALLENGED,
    CONFIRM,
    SAVE,
    SCRIPT,
    SETUP,
    Desk,
    control,
)

_UNABLE = "We are unable to authenticate your payment method. Please choose a different payment method and try again."
_BROKEN = "The connection to Stripe broke. Press Save card to go on: nothing is done twice."
_NOT_SAVED = "Your bank said yes, but the card is not saved yet."


@pytest.mark.parametrize("is_after", [False, True], ids=["before it arrives", "after the work is done"])
def test_the_network_breaks_while_the_setup_begins(desk: Desk, is_after: bool) -> None:
    desk.cut(SETUP, times=2, is_after=is_after)  # the script itself asks twice
    desk.open(waits=False)
    alert = desk.dialog.get_by_role("alert").filter(has_text="The payment service doesn’t answer")
    expect(alert).to_be_visible()
    alert.get_by_role("button", name="Try again").click()
    desk.is_ready()
    desk.forgive()
    desk.save()
    desk.is_saved()
    keys = {request.headers["idempotency-key"] for request in desk.posts("/setup-intent/")}
    assert len(keys) == 1


@pytest.mark.parametrize("error", ["connectionreset", "blockedbyclient"])
def test_stripes_script_does_not_load(desk: Desk, error: str) -> None:
    desk.page.route(SCRIPT, lambda route: route.abort(error))
    desk.open(waits=False)
    alert = desk.dialog.get_by_role("alert").filter(has_text="The card form didn’t load")
    expect(alert).to_be_visible()
    expect(alert.get_by_role("button", name="Try again")).to_be_focused()
    desk.page.unroute_all()
    desk.forgive()
    alert.get_by_role("button", name="Try again").click()
    desk.is_ready()
    desk.save()
    desk.is_saved()


@pytest.mark.parametrize("is_after", [False, True], ids=["before it arrives", "after the work is done"])
def test_the_network_breaks_once_while_the_card_is_confirmed(either: Desk, is_after: bool) -> None:
    either.open()
    either.cut(CONFIRM, times=1, is_after=is_after)
    either.save()
    either.is_saved()
    either.forgive()


@pytest.mark.parametrize("is_after", [False, True], ids=["before it arrives", "after the work is done"])
def test_stripe_is_out_of_reach_while_the_card_is_confirmed(either: Desk, is_after: bool) -> None:
    either.open()
    either.cut(CONFIRM, times=1, is_after=is_after)
    either.cut(re.compile(r"/v1/setup_intents/[^/]+\?"), times=1)
    either.save()
    expect(either.said).to_have_text(_BROKEN)
    either.is_kept()
    either.forgive()
    either.save_button.click()
    either.is_saved()


def test_the_network_breaks_after_the_bank_was_to_be_asked(desk: Desk) -> None:
    desk.open()
    desk.cut(CONFIRM, times=1, is_after=True)
    desk.save(CHALLENGED)
    desk.challenge.get_by_role("button", name="Complete authentication").click()
    desk.is_saved("3155")
    desk.forgive()


@pytest.mark.parametrize("is_after", [False, True], ids=["before it arrives", "after the work is done"])
@pytest.mark.parametrize("times", [1, 2])
def test_the_network_breaks_while_the_card_is_saved(desk: Desk, times: int, is_after: bool) -> None:
    desk.open()
    desk.cut(SAVE, times=times, is_after=is_after)
    desk.save()
    if times == 2:
        expect(desk.said).to_contain_text(_NOT_SAVED)
        desk.is_kept()
        desk.save_button.click()
    desk.is_saved()
    desk.forgive()
    saves = desk.posts("/payment-method/")
    assert len(saves) == times + 1
    assert len({(each.headers["idempotency-key"], each.post_data) for each in saves}) == 1


@pytest.mark.alone
@pytest.mark.parametrize("is_after", [False, True], ids=["before the work", "after the work"])
def test_stripe_answers_dezky_with_nothing(desk: Desk, is_after: bool) -> None:
    """The setup intent, then the default card: 503, and the same again is done once."""
    paths = ["POST /v1/setup_intents"]
    control(desk.stack, action="faults", paths=paths, kind="status", code=500, is_after=is_after)
    with desk.watched.expecting(503):
        desk.open(waits=False)
        expect(desk.dialog.get_by_role("button", name="Try again")).to_be_visible()
    control(desk.stack, action="faults", paths=paths, kind="normal")
    desk.dialog.get_by_role("button", name="Try again").click()
    desk.is_ready()
    paths = ["POST /v1/customers/{}"]
    control(desk.stack, action="faults", paths=paths, kind="down", is_after=is_after)
    with desk.watched.expecting(503):
        desk.save()
        expect(desk.said).to_contain_text(_NOT_SAVED)
    desk.is_kept()
    control(desk.stack, action="faults", paths=paths, kind="normal")
    desk.save_button.click()
    desk.is_saved()
