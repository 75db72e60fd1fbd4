"""Models of the billing app, one file each. Amounts are whole minor units; times are UTC."""

from billing.models.account import BillingAccount
from billing.models.drift import DriftReport
from billing.models.invoice import Invoice
from billing.models.notice import BillingNotice
from billing.models.plan_price import PlanPrice
from billing.models.quote import Quote
from billing.models.stripe_write import StripeWrite
from billing.models.watch import BillingWatch
from billing.models.webhook_event import WebhookEvent

__all__ = [
    "BillingAccount",
    "BillingNotice",
    "BillingWatch",
    "DriftReport",
    "Invoice",
    "PlanPrice",
    "Quote",
    "StripeWrite",
    "WebhookEvent",
]
