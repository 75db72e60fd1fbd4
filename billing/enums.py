"""Names of states and kinds."""

from django.db.models import TextChoices


class SubscriptionStatus(TextChoices):
    """Stripe's states of a subscription (https://docs.stripe.com/api/subscriptions/object); none is ours."""

    NONE = "", "No subscription"
    INCOMPLETE = "incomplete", "Waiting for the first payment"
    INCOMPLETE_EXPIRED = "incomplete_expired", "Never paid"
    TRIALING = "trialing", "Trial"
    ACTIVE = "active", "Active"
    PAST_DUE = "past_due", "Past due"
    UNPAID = "unpaid", "Unpaid"
    PAUSED = "paused", "Paused"
    CANCELED = "canceled", "Ended"


LIVING_STATUSES = frozenset(
    {
        SubscriptionStatus.TRIALING,
        SubscriptionStatus.ACTIVE,
        SubscriptionStatus.PAST_DUE,
        SubscriptionStatus.UNPAID,
        SubscriptionStatus.PAUSED,
    }
)


class InvoiceStatus(TextChoices):
    """Stripe's states of an invoice."""

    DRAFT = "draft", "Draft"
    OPEN = "open", "Open"
    PAID = "paid", "Paid"
    UNCOLLECTIBLE = "uncollectible", "Written off"
    VOID = "void", "Void"


class VatStatus(TextChoices):
    """What Stripe found out about a VAT number."""

    NONE = "", "No VAT number"
    PENDING = "pending", "Being checked"
    VERIFIED = "verified", "Verified"
    REFUSED = "refused", "Not found in the register"
    UNAVAILABLE = "unavailable", "Can't be checked"


class Interval(TextChoices):
    """How often a price is due."""

    DAY = "day", "Daily"
    WEEK = "week", "Weekly"
    MONTH = "month", "Monthly"
    YEAR = "year", "Yearly"


class Operation(TextChoices):
    """A write to Stripe."""

    CUSTOMER_CREATE = "customer:create", "Create the customer"
    CUSTOMER_UPDATE = "customer:update", "Change billing details"
    TAX_ID_CREATE = "tax_id:create", "Add the VAT number"
    TAX_ID_DELETE = "tax_id:delete", "Remove a VAT number"
    CARD_SETUP = "card:setup", "Begin to add a card"
    CARD_DEFAULT = "card:default", "Make a card the default"
    SUBSCRIPTION_CREATE = "subscription:create", "Subscribe"
    SUBSCRIPTION_CHANGE = "subscription:change", "Change plan or seats"
    SUBSCRIPTION_CANCEL = "subscription:cancel", "Cancel at the end of the period"
    SUBSCRIPTION_RESUME = "subscription:resume", "Resume"
    INVOICE_PAY = "invoice:pay", "Pay an invoice"


class WriteState(TextChoices):
    """What is known of a write to Stripe."""

    PENDING = "pending", "Sent, not yet answered"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    LOST = "lost", "Answer never came"


class QuoteState(TextChoices):
    """What became of a quote."""

    OPEN = "open", "Waiting for a yes"
    ACCEPTED = "accepted", "Charged as quoted"
    DIFFERENT = "different", "Charged differently"


class InboxState(TextChoices):
    """What became of a webhook delivery."""

    RECEIVED = "received", "Waiting"
    DONE = "done", "Applied"
    IGNORED = "ignored", "Not about billing"
    FAILED = "failed", "Failed"


class DriftState(TextChoices):
    """How the mirror compares with Stripe."""

    SAME = "same", "Same"
    DIFFERENT = "different", "Different"
    UNKNOWN = "unknown", "Unknown"


class BillingHealth(TextChoices):
    """Whether somebody has to look after a tenant's billing."""

    GOOD = "good", "Good"
    PAST_DUE = "past_due", "Past due"
    CARD_EXPIRED = "card_expired", "Card expired"
    CARD_EXPIRING = "card_expiring", "Card expires soon"


class NoticeKind(TextChoices):
    """A mail that billing sends once for its subject."""

    RECEIPT = "receipt", "Receipt"
    PAYMENT_FAILED = "payment_failed", "Payment failed"
    CARD_EXPIRING = "card_expiring", "Card expires soon"
    RENEWAL = "renewal", "Renewal ahead"
