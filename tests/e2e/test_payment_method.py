"""Must show 1: a card is added by whoever may, whatever the bank, the network or an impatient finger does meanwhile."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.card_desk import (
    AGING,
    CHALLENGE_FRAME,
    CHALLENGED,
    DECLINED,
    EMAIL,
    MASTERCARD,
    SETUP,
    Desk,
    new_workspace,
)
from tests.e2e.conftest import Open
from tests.e2e.stack import Stack

_UNABLE = "We are unable to authenticate your payment method. Please choose a different payment method and try again."
_BROKEN = "The connection to Stripe broke. Press Save card to go on: nothing is done twice."
_NOT_SAVED = "Your bank said yes, but the card is not saved yet."


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


def test_two_tabs_at_once_make_one_customer(open_till: Open, till_stack: Stack) -> None:
    first, second = open_till(), open_till()
    slug = new_workspace(till_stack)
    desks = []
    for watched in (first, second):
        watched.sign_in(EMAIL, f"/admin/{slug}/subscription/")
        desks.append(Desk(watched, slug))
    for desk in desks:
        desk.page.get_by_role("link", name="Add a card").click()
    for desk in desks:
        desk.is_ready()
    assert len(desks[0].customers()) == 1


def test_a_session_that_runs_out_meanwhile_is_renewed(aging_desk: Desk) -> None:
    desk = aging_desk
    desk.open()
    desk.fill()
    query = """UPDATE accounts_oidcsession SET access_expires_at = now() - interval '1 minute', renewal_failed_at = NULL
        WHERE ended_at IS NULL AND user_id = (SELECT id FROM accounts_user WHERE email = %s)"""
    assert desk.stack.change(query, AGING) >= 1
    desk.save_button.click()
    desk.is_saved()


def test_an_old_sign_in_is_asked_for_again_before_the_form_opens(aging_desk: Desk) -> None:
    desk = aging_desk
    _grow_old(desk)
    desk.page.goto(desk.origin + desk.path)
    with desk.watched.expecting(401):
        desk.page.get_by_role("link", name="Add a card").click()
        _sign_in_again(desk)
    expect(desk.dialog).to_be_visible()
    desk.is_ready()
    assert desk.posts("/setup-intent/")[0].headers["idempotency-key"]


def test_a_sign_in_that_grows_old_over_the_form_is_asked_for_and_nothing_is_lost(aging_desk: Desk) -> None:
    desk = aging_desk
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
    assert desk.stack.change(query, AGING) >= 1


def _sign_in_again(desk: Desk) -> None:
    with desk.page.expect_popup() as popup:
        desk.page.get_by_role("dialog").get_by_role("link", name="Sign in").click()
    popup.value.locator(f'button[value="{AGING}"]').click()


def test_the_form_is_a_page_of_its_own_too(desk: Desk) -> None:
    desk.page.goto(f"{desk.origin}{desk.path}payment-method/")
    desk.is_ready()
    desk.watched.check()
    desk.save()
    desk.page.wait_for_url(f"**{desk.path}")
    expect(desk.page.get_by_text("Visa ending 4242 pays from now on.")).to_be_visible()
    desk.is_only_card("4242")


def test_a_bank_that_takes_the_whole_browser_leads_back_to_the_end(desk: Desk) -> None:
    with desk.page.expect_response(SETUP) as begun:
        desk.page.goto(f"{desk.origin}{desk.path}payment-method/")
    secret = begun.value.json()["client_secret"]
    desk.is_ready()
    confirmed = desk.page.evaluate(
        """async ([secret, key, origin]) => {
            const send = (path, body) => fetch(origin + path, {
                method: 'POST', headers: { Authorization: `Bearer ${key}` }, body: new URLSearchParams(body),
            }).then(answer => answer.json());
            const path = `/v1/setup_intents/${secret.split('_secret_')[0]}/confirm`;
            return (await send(path, { client_secret: secret, payment_method: 'pm_card_visa' })).status;
        }""",
        [secret, begun.value.json()["publishable_key"], f"http://127.0.0.1:{desk.stack.port + 2}"],
    )
    assert confirmed == "succeeded"
    desk.page.goto(f"{desk.origin}{desk.path}payment-method/?setup_intent_client_secret={secret}&redirect_status=x")
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
