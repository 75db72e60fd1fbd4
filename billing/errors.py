"""What can go wrong with billing, told apart: they are away, they said no, or the ground has moved."""

from __future__ import annotations


class BillingError(Exception):
    """Something about billing can't be done; the message is for the person who tried."""


class StripeAway(BillingError):
    """Stripe did not answer, or not in time; nothing is lost, and the same write may be sent again."""

    def __init__(self, message: str = "", *, retry_after_seconds: int = 10) -> None:
        """Say that it is Stripe's side, and when to try again."""
        super().__init__(
            message or "The payment service doesn't answer right now. Nothing was lost. Try again in a moment."
        )
        self.retry_after_seconds = retry_after_seconds


class Busy(StripeAway):
    """Somebody else here changes the same again and again; they bring it up to date, or a next try does."""


class Refused(BillingError):
    """Stripe, or a rule of ours, says no; `field` names the input that it is about, `code` is Stripe's."""

    def __init__(self, message: str, *, code: str = "", field: str = "") -> None:
        """Carry the words for the person."""
        super().__init__(message)
        self.code, self.field = code, field


class Declined(Refused):
    """The card was declined, or its bank asks for the person."""


class Gone(Refused):
    """What the write was about is not there at Stripe."""


class Moved(BillingError):
    """What the person looked at has changed meanwhile: a quote ran out, a version is stale."""


class NotAllowed(BillingError):
    """Whoever tries is not, or no longer, entitled to."""


class ForgedWebhook(BillingError):
    """A delivery without a valid signature, or one that is too old."""


class BadWebhook(BillingError):
    """A signed delivery that is no event, or not one for this site."""
