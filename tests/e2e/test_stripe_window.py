"""The browser's half of the payments stand-in, on a bare page: what Stripe.js does for whoever asks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.bare_shop import (
    CARD,
    CHALLENGE_FRAME,
    CHALLENGED,
    DECLINED,
    Shop,
    Till,
    opening_shop,
    serving_shop,
    serving_till,
)

_CONFIRM = "stripe.confirmSetup({ elements, redirect: 'if_required' })"


@pytest.fixture(scope="module")
def till() -> Iterator[Till]:
    with serving_till() as till:
        yield till


@pytest.fixture(scope="module")
def shop_url(till: Till) -> Iterator[str]:
    with serving_shop(till.url) as url:
        yield url


@pytest.fixture
def shop(browser: Browser, till: Till, shop_url: str) -> Iterator[Shop]:
    with opening_shop(browser, till, shop_url) as shop:
        yield shop


def test_a_card_is_set_up_by_the_payment_element(shop: Shop, till: Till) -> None:
    secret, customer = till.setup()
    shop.visit(secret)
    shop.fill(CARD)
    shop.start(_CONFIRM)
    intent = shop.result()["setupIntent"]
    assert (intent["object"], intent["status"]) == ("setup_intent", "succeeded")
    assert till.stripe.v1.payment_methods.retrieve(intent["payment_method"]).customer == customer
    assert till.cards(customer) == ["4242"]
    assert shop.said("change")[-1]["complete"] is True


def test_a_card_is_set_up_by_the_card_element(shop: Shop, till: Till) -> None:
    secret, customer = till.setup()
    shop.visit(kind="card", options="{ hidePostalCode: true }")
    expect(shop.frame.get_by_label("Postal code")).to_be_hidden()
    shop.fill("5555555555554444")
    shop.start(f"stripe.confirmCardSetup('{secret}', {{ payment_method: {{ card: element }} }})")
    assert shop.result()["setupIntent"]["status"] == "succeeded"
    assert till.cards(customer) == ["4444"]
    assert shop.said("change")[-1]["brand"] == "mastercard"


def test_the_card_element_asks_for_a_postal_code_unless_told_not_to(shop: Shop) -> None:
    shop.visit(kind="card")
    shop.fill(CARD)
    expect(shop.frame.get_by_label("Postal code")).to_be_visible()
    assert shop.said("change")[-1]["complete"] is False
    shop.frame.get_by_label("Postal code").fill("5011")
    shop.page.wait_for_function("() => said.at(-1).complete")


@pytest.mark.parametrize(
    ("number", "expiry", "cvc", "message"),
    [
        ("", "12/34", "123", "Your card number is incomplete."),
        ("42424242", "12/34", "123", "Your card number is incomplete."),
        ("4242424242424241", "12/34", "123", "Your card number is invalid."),
        (CARD, "12/20", "123", "Your card's expiration year is in the past."),
        (CARD, "12", "123", "Your card's expiration date is incomplete."),
        (CARD, "12/34", "1", "Your card's security code is incomplete."),
    ],
)
def test_what_can_be_seen_at_once_is_said_in_the_frame(
    shop: Shop, number: str, expiry: str, cvc: str, message: str
) -> None:
    shop.visit()
    shop.fill(number, expiry, cvc)
    shop.start("elements.submit()")
    error = shop.result()["error"]
    assert (error["type"], error["message"]) == ("validation_error", message)
    expect(shop.frame.get_by_text(message)).to_be_visible()
    expect(shop.frame.locator("[aria-invalid=true]")).to_be_focused()


def test_a_decline_has_stripes_shape_and_nothing_is_attached(shop: Shop, till: Till) -> None:
    secret, customer = till.setup()
    shop.visit(secret)
    shop.fill(DECLINED)
    shop.start(_CONFIRM)
    error = shop.result()["error"]
    assert (error["type"], error["code"]) == ("card_error", "card_declined")
    assert error["decline_code"] == "generic_decline"
    assert error["message"] == "Your card was declined."
    assert error["setup_intent"]["status"] == "requires_payment_method"
    assert till.cards(customer) == []
    expect(shop.frame.get_by_label("Card number")).to_have_value("4000 0000 0000 0002")


def test_a_challenge_lies_over_the_page_and_its_yes_sets_the_card_up(shop: Shop, till: Till) -> None:
    secret, customer = till.setup()
    shop.visit(secret)
    shop.fill(CHALLENGED)
    shop.start(_CONFIRM)
    expect(shop.challenge.get_by_role("heading", name="3-D Secure 2 test page")).to_be_visible()
    assert till.cards(customer) == []
    shop.challenge.get_by_role("button", name="Complete authentication").click()
    assert shop.result()["setupIntent"]["status"] == "succeeded"
    expect(shop.page.locator(CHALLENGE_FRAME)).to_have_count(0)
    assert till.cards(customer) == ["3155"]


@pytest.mark.parametrize("button", ["Fail authentication", "Close"])
def test_a_challenge_that_fails_or_is_closed_can_be_tried_again(shop: Shop, till: Till, button: str) -> None:
    secret, customer = till.setup()
    shop.visit(secret)
    shop.fill(CHALLENGED)
    shop.start(_CONFIRM)
    shop.challenge.get_by_role("button", name=button).click()
    error = shop.result()["error"]
    assert error["code"] == "setup_intent_authentication_failure"
    assert error["message"].startswith("We are unable to authenticate your payment method.")
    assert error["setup_intent"]["status"] == "requires_payment_method"
    shop.start(_CONFIRM)
    shop.challenge.get_by_role("button", name="Complete authentication").click()
    assert shop.result()["setupIntent"]["status"] == "succeeded"
    assert till.cards(customer) == ["3155"]


def test_a_challenge_that_was_left_is_gone_on_with(shop: Shop, till: Till) -> None:
    secret, _ = till.setup()
    shop.visit(secret)
    shop.fill(CHALLENGED)
    shop.start(_CONFIRM)
    expect(shop.challenge.get_by_role("button", name="Complete authentication")).to_be_visible()
    shop.visit(secret)
    shop.start(f"stripe.handleNextAction({{ clientSecret: '{secret}' }})")
    shop.challenge.get_by_role("button", name="Complete authentication").click()
    assert shop.result()["setupIntent"]["status"] == "succeeded"


def test_the_network_that_breaks_is_an_error_of_its_own_and_the_intent_tells_the_truth(shop: Shop, till: Till) -> None:
    secret, customer = till.setup()
    shop.visit(secret)
    shop.fill(CARD)
    shop.page.route("**/confirm", lambda route: (route.fetch(), route.abort("connectionreset")))
    shop.start(_CONFIRM)
    assert shop.result()["error"]["type"] == "api_connection_error"
    shop.page.unroute_all()
    shop.start(f"stripe.retrieveSetupIntent('{secret}')")
    assert shop.result()["setupIntent"]["status"] == "succeeded"
    assert till.cards(customer) == ["4242"]
    expect(shop.frame.get_by_label("Card number")).to_have_value("4242 4242 4242 4242")


def test_without_if_required_the_browser_goes_where_it_was_told(shop: Shop, till: Till) -> None:
    secret, _ = till.setup()
    shop.visit(secret)
    shop.fill(CARD)
    target = f"{shop.url}/thanks"
    shop.start(f"stripe.confirmSetup({{ elements, confirmParams: {{ return_url: '{target}' }} }})")
    shop.page.wait_for_url(f"{target}?setup_intent=*&setup_intent_client_secret={secret}&redirect_status=succeeded")


def test_a_secret_that_is_not_known_is_a_loaderror(shop: Shop) -> None:
    shop.visit("seti_unknown_secret_unknown")
    (said,) = shop.said("loaderror")
    assert said["error"]["type"] == "invalid_request_error"


def test_the_page_itself_can_read_nothing_of_the_card(shop: Shop) -> None:
    shop.visit()
    shop.fill(CARD)
    heard = shop.page.evaluate(
        """() => new Promise(resolve => {
            const frame = document.querySelector('#mount iframe');
            let seen = '';
            try { seen = frame.contentDocument?.body?.innerHTML ?? ''; } catch (error) { seen = ''; }
            addEventListener('message', event => (seen += JSON.stringify(event.data)));
            element.update({});
            setTimeout(() => resolve(seen + JSON.stringify(said)), 500);
        })"""
    )
    assert "4242" not in heard


def test_another_windows_words_are_not_heard(shop: Shop) -> None:
    shop.visit()
    shop.page.evaluate("() => postMessage({ stripe: true, does: 'height', content: 5 }, location.origin)")
    shop.page.evaluate(
        """() => {
            const other = document.createElement('iframe');
            other.srcdoc = '';
            document.body.append(other);
            parent.postMessage({ stripe: true, does: 'happened', content: { name: 'ready' } }, '*');
        }"""
    )
    shop.page.wait_for_timeout(200)
    assert len(shop.said("ready")) == 1
    assert shop.page.locator("#mount iframe").evaluate("frame => frame.offsetHeight") > 100


def test_a_keyboard_is_enough(shop: Shop, till: Till) -> None:
    secret, customer = till.setup()
    shop.visit(secret, options="{ fields: { billingDetails: { address: 'never' } } }")
    shop.page.evaluate("() => element.focus()")
    shop.page.wait_for_function("() => said.some(each => each.name === 'focus')")
    shop.page.keyboard.type("424242424242424212344321", delay=5)
    expect(shop.frame.get_by_label("Expiration date")).to_have_value("12 / 34")
    expect(shop.frame.get_by_label("Security code")).to_have_value("432")
    shop.page.keyboard.press("Escape")
    assert len(shop.said("escape")) == 1
    shop.page.keyboard.press("Tab")
    expect(shop.page.get_by_role("button", name="Next")).to_be_focused()
    shop.start(_CONFIRM)
    assert shop.result()["setupIntent"]["status"] == "succeeded"
    assert till.cards(customer) == ["4242"]


def test_the_number_can_be_mended_in_its_middle(shop: Shop) -> None:
    shop.visit()
    number = shop.frame.get_by_label("Card number")
    number.fill("4242 9242 4242 424")
    number.evaluate("input => input.setSelectionRange(6, 6)")
    number.press("Backspace")
    expect(number).to_have_value("4242 2424 2424 24")
    number.type("4")
    expect(number).to_have_value("4242 4242 4242 424")


@pytest.mark.parametrize("query", ["?light", "?dark"])
@pytest.mark.parametrize("kind", ["payment", "card"])
@pytest.mark.parametrize("width", [1000, 320])
def test_the_frame_reads_well_in_both_schemes_and_when_narrow(
    browser: Browser, till: Till, shop_url: str, query: str, kind: str, width: int
) -> None:
    scheme = "dark" if query == "?dark" else "light"
    look = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme}
    with opening_shop(browser, till, shop_url, **look) as shop:
        shop.visit(kind=kind, query=query)
        shop.fill("4242424242424241", "12/20", "12")
        frame = shop.page.frames[1]
        assert frame.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        ground = frame.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
        assert ground == "rgba(0, 0, 0, 0)"
        assert frame.evaluate("() => getComputedStyle(document.documentElement).colorScheme") == scheme
        # Seen from inside, what lies under a transparent frame is unknown.
        under = shop.page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        frame.evaluate("under => { document.documentElement.style.background = under; }", under)
        assert shop.axe(frame) == []


@pytest.mark.parametrize("width", [1000, 320])
def test_the_banks_page_is_accessible(browser: Browser, till: Till, shop_url: str, width: int) -> None:
    with opening_shop(browser, till, shop_url, viewport={"width": width, "height": 700}) as shop:
        shop.visit(till.setup()[0])
        shop.fill(CHALLENGED)
        shop.start(_CONFIRM)
        expect(shop.challenge.get_by_role("button", name="Complete authentication")).to_be_visible()
        frame = next(frame for frame in shop.page.frames if "/_3ds/" in frame.url)
        assert shop.axe(frame) == []
        assert frame.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        shop.page.keyboard.press("Escape")
        assert shop.result()["error"]["code"] == "setup_intent_authentication_failure"


def test_a_bank_that_cannot_be_reached_says_so_and_may_be_asked_again(shop: Shop, till: Till) -> None:
    secret, _ = till.setup()
    shop.visit(secret)
    shop.fill(CHALLENGED)
    shop.start(_CONFIRM)
    button = shop.challenge.get_by_role("button", name="Complete authentication")
    expect(button).to_be_visible()
    shop.page.route("**/_3ds/*", lambda route: route.abort("connectionreset"))
    button.click()
    expect(shop.challenge.get_by_role("alert")).to_have_text("Your bank could not be reached. Please try again.")
    shop.page.unroute_all()
    button.click()
    assert shop.result()["setupIntent"]["status"] == "succeeded"


def test_misuse_is_an_integration_error(shop: Shop) -> None:
    shop.visit()
    for call in (
        "Stripe('')",
        "Stripe('sk_test_x')",
        "elements.create('iban')",
        "elements.create('payment')",
        "element.mount('#nowhere')",
    ):
        name = shop.page.evaluate(f"() => {{ try {{ {call}; return ''; }} catch (error) {{ return error.name; }} }}")
        assert (call, name) == (call, "IntegrationError")


def test_an_element_is_cleared_unmounted_and_mounted_again(shop: Shop) -> None:
    shop.visit()
    shop.fill(CARD)
    shop.page.evaluate("() => element.clear()")
    expect(shop.frame.get_by_label("Card number")).to_have_value("")
    shop.page.evaluate("() => element.unmount()")
    expect(shop.page.locator("#mount iframe")).to_have_count(0)
    shop.page.evaluate("() => element.mount('#mount')")
    expect(shop.frame.get_by_label("Card number")).to_be_visible()
    shop.page.evaluate("() => { element.destroy(); elements.create('payment').mount('#mount'); }")
    expect(shop.frame.get_by_label("Card number")).to_be_visible()
