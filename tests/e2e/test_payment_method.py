"""Must show 1: a card is added by whoever may, whatever the bank, the network or an impatient finger does meanwhile."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e import web_server
from tests.e2e.card_desk import (
    CANARY,
    CARD,
    CHALLENGE_FRAME,
    CHALLENGED,
    CONFIRM,
    DECLINED,
    EMAIL,
    MASTERCARD,
    SAVE,
    SCRIPT,
    SETUP,
    Desk,
    control,
    new_workspace,
)
from tests.e2e.conftest import Open
from tests.e2e.stack import Stack
from tests.e2e.watch import Watched
from tests.e2e.web_server import WebServer

_UNABLE = "We are unable to authenticate your payment method. Please choose a different payment method and try again."
_BROKEN = "The connection to Stripe broke. Press Save card to go on: nothing is done twice."
_NOT_SAVED = "Your bank said yes, but the card is not saved yet."


def _desk(watched: Watched, origin: str = "") -> Desk:
    slug = new_workspace(watched.stack)
    watched.sign_in(EMAIL, f"/admin/{slug}/")
    return Desk(watched, slug, origin)


@pytest.fixture
def desk(watched: Watched) -> Iterator[Desk]:
    """Give the form to the owner of a workspace without a customer."""
    desk = _desk(watched)
    yield desk
    desk.page.unroute_all()
    watched.check_quiet()


@pytest.fixture(scope="module")
def with_card_element(shared_stack: Stack) -> Iterator[WebServer]:
    """Run a second web server whose form shows the Card Element."""
    with web_server.another(shared_stack, STRIPE_ELEMENT="card") as server:
        yield server


@pytest.fixture(params=["payment", "card"])
def either(request: pytest.FixtureRequest, watched: Watched) -> Iterator[Desk]:
    """Give the form once with each Element."""
    origin = request.getfixturevalue("with_card_element").url if request.param == "card" else ""
    desk = _desk(watched, origin)
    yield desk
    desk.page.unroute_all()
    watched.check_quiet()


def test_a_card_is_added_and_the_customer_with_it(either: Desk) -> None:
    assert either.customers() == []
    either.open()
    either.watched.check()
    either.save()
    either.is_saved()
    assert len(either.posts("/setup-intent/")) == 1
    assert len(either.posts("/payment-method/")) == 1


def test_a_second_card_takes_the_place_of_the_first(desk: Desk) -> None:
    desk.open()
    desk.save()
    desk.is_saved()
    desk.open()
    expect(desk.dialog.get_by_text("Visa ending 4242")).to_be_visible()
    desk.save(MASTERCARD)
    expect(desk.page.locator("#payment-method").get_by_text("Mastercard ending 4444")).to_be_visible()
    (customer,) = desk.customers()
    default = customer["invoice_settings"]["default_payment_method"]
    assert [card["card"]["last4"] for card in desk.cards(customer["id"]) if card["id"] == default] == ["4444"]


def test_the_bank_asks_and_the_answer_is_yes(either: Desk) -> None:
    either.open()
    either.save(CHALLENGED)
    button = either.challenge.get_by_role("button", name="Complete authentication")
    expect(button).to_be_visible()
    assert not either.dialog.evaluate("dialog => dialog.matches(':modal')")
    assert either.page.locator(".app").evaluate("app => app.inert")
    button.click()
    either.is_saved("3155")
    assert not either.page.locator(".app").evaluate("app => app.inert")


@pytest.mark.parametrize("answer", ["Fail authentication", "Close"])
def test_the_bank_asks_and_it_fails_or_is_closed_then_it_is_tried_again(either: Desk, answer: str) -> None:
    either.open()
    either.save(CHALLENGED)
    either.challenge.get_by_role("button", name=answer).click()
    expect(either.said).to_have_text(_UNABLE)
    expect(either.page.locator(CHALLENGE_FRAME)).to_have_count(0)
    either.is_kept("4000 0025 0000 3155")
    either.save_button.click()
    either.challenge.get_by_role("button", name="Complete authentication").click()
    either.is_saved("3155")


def test_a_decline_is_told_by_the_card_and_another_card_is_taken(either: Desk) -> None:
    either.open()
    with either.watched.expecting(402):
        either.save(DECLINED)
        expect(either.said).to_have_text("Your card was declined.")
    either.is_kept("4000 0000 0000 0002")
    either.save()
    either.is_saved()


def test_what_is_mistyped_is_told_at_once(either: Desk) -> None:
    either.open()
    either.save("4242424242424241")
    where = either.said if either.origin != either.stack.url else either.frame.locator("main")
    expect(where).to_contain_text("Your card number is invalid.")
    either.is_kept("4242 4242 4242 4241")
    either.save()
    either.is_saved()


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


def test_a_double_click_is_one(desk: Desk) -> None:
    desk.open()
    desk.fill()
    desk.save_button.dblclick()
    desk.is_saved()
    assert len(desk.posts("/payment-method/")) == 1


def test_enter_and_click_at_once_are_one(desk: Desk) -> None:
    desk.open()
    desk.fill()
    desk.page.evaluate("""() => {
        const form = document.querySelector('#card-form');
        form.requestSubmit();
        form.requestSubmit();
        document.querySelector('[data-save]').click();
    }""")
    desk.is_saved()
    assert len(desk.posts("/payment-method/")) == 1


def test_two_tabs_at_once_make_one_customer(open_page: Open, stack: Stack) -> None:
    first, second = open_page(), open_page()
    slug = new_workspace(stack)
    desks = []
    for watched in (first, second):
        watched.sign_in(EMAIL, f"/admin/{slug}/subscription/")
        desks.append(Desk(watched, slug))
    for desk in desks:
        desk.page.get_by_role("link", name="Add a card").click()
    for desk in desks:
        desk.is_ready()
    assert len(desks[0].customers()) == 1


def test_a_session_that_runs_out_meanwhile_is_renewed(desk: Desk) -> None:
    desk.open()
    desk.fill()
    query = """UPDATE accounts_oidcsession SET access_expires_at = now() - interval '1 minute', renewal_failed_at = NULL
        WHERE ended_at IS NULL AND user_id = (SELECT id FROM accounts_user WHERE email = %s)"""
    assert desk.stack.change(query, EMAIL) >= 1
    desk.save_button.click()
    desk.is_saved()


def test_an_old_sign_in_is_asked_for_again_before_the_form_opens(desk: Desk) -> None:
    _grow_old(desk)
    desk.page.goto(desk.origin + desk.path)
    with desk.watched.expecting(401):
        desk.page.get_by_role("link", name="Add a card").click()
        _sign_in_again(desk)
    expect(desk.dialog).to_be_visible()
    desk.is_ready()
    assert desk.posts("/setup-intent/")[0].headers["idempotency-key"]


def test_a_sign_in_that_grows_old_over_the_form_is_asked_for_and_nothing_is_lost(desk: Desk) -> None:
    desk.open()
    desk.fill()
    _grow_old(desk)
    with desk.watched.expecting(401):
        desk.save_button.click()
        _sign_in_again(desk)
    desk.is_saved()


def _grow_old(desk: Desk) -> None:
    query = """UPDATE accounts_oidcsession SET authenticated_at = now() - interval '11 minutes'
        WHERE ended_at IS NULL AND user_id = (SELECT id FROM accounts_user WHERE email = %s)"""
    assert desk.stack.change(query, EMAIL) >= 1


def _sign_in_again(desk: Desk) -> None:
    with desk.page.expect_popup() as popup:
        desk.page.get_by_role("dialog").get_by_role("link", name="Sign in").click()
    popup.value.locator(f'button[value="{EMAIL}"]').click()


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


def test_the_form_is_a_page_of_its_own_too(desk: Desk) -> None:
    desk.page.goto(f"{desk.origin}{desk.path}payment-method/")
    desk.is_ready()
    desk.watched.check()
    desk.save()
    desk.page.wait_for_url(f"**{desk.path}")
    expect(desk.page.get_by_text("Visa ending 4242 pays from now on.")).to_be_visible()
    desk.is_only_card("4242")


def test_what_is_typed_is_not_dropped_without_asking(desk: Desk) -> None:
    desk.open()
    desk.fill()
    desk.page.keyboard.press("Escape")
    expect(desk.dialog.get_by_text("You have unsaved changes.")).to_be_visible()
    desk.dialog.get_by_role("button", name="Keep editing").click()
    desk.is_kept()
    desk.dialog.get_by_role("button", name="Cancel").click()
    desk.dialog.get_by_role("button", name="Discard changes").click()
    expect(desk.dialog).to_have_count(0)
    expect(desk.page.get_by_role("link", name="Add a card")).to_be_focused()


def test_a_keyboard_is_enough(desk: Desk) -> None:
    desk.page.goto(desk.origin + desk.path)
    desk.page.get_by_role("link", name="Add a card").focus()
    desk.page.keyboard.press("Enter")
    desk.is_ready()
    desk.frame.get_by_label("Card number").focus()
    desk.page.keyboard.type("424242424242424212344321", delay=5)
    for _ in range(6):
        if desk.save_button.evaluate("button => button === document.activeElement"):
            break
        desk.page.keyboard.press("Tab")
    country = desk.frame.get_by_label("Country")
    country.select_option("DK")
    desk.save_button.focus()
    desk.page.keyboard.press("Enter")
    desk.is_saved()


def test_a_boosted_way_in_is_loaded_whole_and_the_way_out_too(desk: Desk) -> None:
    """The policy is the document's: the form's document has its own, and no other has it."""
    desk.page.goto(f"{desk.origin}/admin/{desk.slug}/people/")
    loads: list[str] = []
    desk.page.on("framenavigated", lambda frame: loads.append(frame.url) if frame == desk.page.main_frame else None)
    desk.page.evaluate(
        """path => {
            const link = Object.assign(document.createElement('a'), { href: path, textContent: 'Boosted' });
            document.querySelector('main').append(link);
            htmx.process(link);
            link.click();
        }""",
        desk.path,
    )
    desk.page.get_by_role("link", name="Add a card").click()
    desk.is_ready()
    desk.page.keyboard.press("Escape")
    expect(desk.dialog).to_have_count(0)
    with desk.page.expect_navigation() as leaving:
        desk.page.get_by_role("navigation").get_by_role("link", name="People").click()
    assert leaving.value is not None
    policy = leaving.value.headers["content-security-policy"]
    assert str(desk.stack.port + 2) not in policy
    assert "require-trusted-types-for 'script'" in policy


def test_the_link_in_the_navigation_is_loaded_whole(desk: Desk) -> None:
    desk.page.goto(f"{desk.origin}/admin/{desk.slug}/people/")
    with desk.page.expect_navigation() as entering:
        desk.page.get_by_role("navigation").get_by_role("link", name="Subscription").click()
    assert entering.value is not None
    policy = entering.value.headers["content-security-policy"]
    directives = {words[0]: words[1:] for words in (part.split() for part in policy.split(";")) if words}
    till = f"http://127.0.0.1:{desk.stack.port + 2}"
    assert till in directives["script-src"]
    assert directives["frame-src"] == [till]
    assert directives["connect-src"] == ["'self'", till]
    assert directives["default-src"] == ["'none'"]
    assert directives["frame-ancestors"] == ["'none'"]


def test_no_card_number_comes_near_dezky(desk: Desk) -> None:
    """P2: neither in a request, nor in a log, nor in the database."""
    desk.open()
    desk.save(CANARY)
    desk.is_saved("8210")
    spaced = re.compile(rb"5200(%20|[ +-])?8282(%20|[ +-])?8282(%20|[ +-])?8210")
    for request in desk.sent:
        whole = f"{request.url} {request.headers} {request.post_data or ''}".encode()
        assert not spaced.search(whole)
    bodies = [request.post_data or "" for request in desk.posts("/payment-method/")]
    assert [re.fullmatch(r"payment_method=pm_\w+", body) is not None for body in bodies] == [True]
    time.sleep(1)  # the worker's log
    log = desk.stack.output().encode()
    assert b"/payment-method/" in log or b"setup_intents" in log
    assert not spaced.search(log)
    for file in (desk.stack.directory / "log").glob("*"):
        assert not spaced.search(file.read_bytes()), file
    assert _tables_with(desk.stack, "payments_standin") == []


def _tables_with(stack: Stack, but_schema: str) -> list[str]:
    """Return the tables of Dezky's own that hold the canary."""
    found = []
    with stack.database() as connection:
        tables: list[Any] = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema', %s)",
            [but_schema],
        ).fetchall()
        for schema, table in tables:
            query = f'SELECT 1 FROM "{schema}"."{table}" AS r WHERE r::text ~ %s LIMIT 1'
            if connection.execute(query.encode(), ["5200 ?8282 ?8282 ?8210"]).fetchone():
                found.append(f"{schema}.{table}")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["wide", "narrow"])
def test_it_looks_right(
    open_page: Open, pictures: Any, with_card_element: WebServer, size: tuple[int, int], scheme: str
) -> None:
    watched = open_page(width=size[0], height=size[1], color_scheme=scheme)
    desk = _desk(watched)
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
