"""Stripe's documented test cards: their numbers, their tokens, and what comes of using them.

From https://docs.stripe.com/testing: cards by brand, by country, declined payments, and authentication.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum


class Challenge(Enum):
    """When a card's bank asks its holder."""

    NEVER = "never"
    # Until it has been set up once; after that payments without the holder go through.
    AT_SETUP = "at_setup"
    # Set up already: only payments with the holder present ask.
    ON_SESSION = "on_session"
    ALWAYS = "always"


@dataclass(frozen=True)
class Decline:
    """How a bank refuses: Stripe's error code, the bank's own code, and the sentence that a customer may read."""

    code: str
    decline_code: str
    message: str


@dataclass(frozen=True)
class TestCard:
    """One card; `token` is the rest of its `pm_card_…` and `tok_…` names."""

    __test__ = False

    number: str
    token: str
    brand: str = "visa"
    country: str = "US"
    funding: str = "credit"
    decline: Decline | None = None
    # It can be attached to a customer, and is declined only when charged.
    is_declined_late: bool = False
    challenge: Challenge = Challenge.NEVER

    @property
    def fingerprint(self) -> str:
        """Return what tells that two payment methods are one card."""
        return hashlib.sha256(self.number.encode()).hexdigest()[:16]


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
LIVE_CARD = Decline(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid test "
    "cards, visit: https://stripe.com/docs/testing.",
)
AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    "",
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
_INSUFFICIENT = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
_LOST = Decline("card_declined", "lost_card", "Your card was declined.")
_STOLEN = Decline("card_declined", "stolen_card", "Your card was declined.")
_EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
_CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
_PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)

CARDS: tuple[TestCard, ...] = (
    TestCard("4242424242424242", "visa"),
    TestCard("4000056655665556", "visa_debit", funding="debit"),
    TestCard("5555555555554444", "mastercard", "mastercard"),
    TestCard("5200828282828210", "mastercard_debit", "mastercard", funding="debit"),
    TestCard("5105105105105100", "mastercard_prepaid", "mastercard", funding="prepaid"),
    TestCard("378282246310005", "amex", "amex"),
    TestCard("6011111111111117", "discover", "discover"),
    TestCard("3056930009020004", "diners", "diners"),
    TestCard("3566002020360505", "jcb", "jcb", "JP"),
    TestCard("6200000000000005", "unionpay", "unionpay", "CN"),
    TestCard("4000002760000016", "de", country="DE"),
    TestCard("4000002080000001", "dk", country="DK"),
    TestCard("4000002460000001", "fi", country="FI"),
    TestCard("4000005780000007", "no", country="NO"),
    TestCard("4000007520000008", "se", country="SE"),
    TestCard("4000008260000000", "gb", country="GB"),
    TestCard("4000003920000003", "jp", country="JP"),
    TestCard("4000000000000002", "visa_chargeDeclined", decline=GENERIC),
    TestCard("4000000000009995", "visa_chargeDeclinedInsufficientFunds", decline=_INSUFFICIENT),
    TestCard("4000000000009987", "visa_chargeDeclinedLostCard", decline=_LOST),
    TestCard("4000000000009979", "visa_chargeDeclinedStolenCard", decline=_STOLEN),
    TestCard("4000000000000069", "chargeDeclinedExpiredCard", decline=_EXPIRED),
    TestCard("4000000000000127", "chargeDeclinedIncorrectCvc", decline=_CVC),
    TestCard("4000000000000119", "chargeDeclinedProcessingError", decline=_PROCESSING),
    TestCard("4000000000000341", "chargeCustomerFail", decline=GENERIC, is_declined_late=True),
    TestCard("4000002500003155", "authenticationRequiredOnSetup", challenge=Challenge.AT_SETUP),
    TestCard("4000002760003184", "authenticationRequired", country="DE", challenge=Challenge.ALWAYS),
    TestCard("4000003800000446", "authenticationRequiredSetupForOffSession", challenge=Challenge.ON_SESSION),
    TestCard("4000000000003220", "threeDSecure2Required", country="IE", challenge=Challenge.ALWAYS),
    TestCard(
        "4000008260003178",
        "authenticationRequiredChargeDeclinedInsufficientFunds",
        country="GB",
        decline=_INSUFFICIENT,
        is_declined_late=True,
        challenge=Challenge.ALWAYS,
    ),
)
# Names that the same cards had in earlier days.
_ALIASES = {
    "chargeDeclined": "visa_chargeDeclined",
    "chargeDeclinedInsufficientFunds": "visa_chargeDeclinedInsufficientFunds",
}

BY_NUMBER = {card.number: card for card in CARDS}
_BY_TOKEN = {card.token: card for card in CARDS}


def by_token(name: str) -> TestCard | None:
    """Return the card behind `pm_card_visa` or `tok_visa`; None for any other name."""
    for prefix in ("pm_card_", "tok_"):
        if name.startswith(prefix):
            token = name.removeprefix(prefix)
            return _BY_TOKEN.get(_ALIASES.get(token, token))
    return None


def is_plausible(number: str) -> bool:
    """Return whether the last digit of a card number checks out (Luhn, ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - the digits of a two-digit number, summed
    return total % 10 == 0
