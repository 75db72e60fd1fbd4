"""URLs of billing: pages of a workspace, and the inbox of webhooks."""

from django.urls import path

from billing.views.payment_method import PaymentMethodView, SetupIntentView
from billing.views.subscription import SubscriptionView
from billing.views.webhook import WebhookView

billing_urls = [
    path("", SubscriptionView.as_view(), name="subscription"),
    path("payment-method/", PaymentMethodView.as_view(), name="payment-method"),
    path("payment-method/setup-intent/", SetupIntentView.as_view(), name="setup-intent"),
]
stripe_urls = [path("webhook/", WebhookView.as_view(), name="webhook")]
