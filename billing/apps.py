"""The billing app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Holds what concerns Stripe; its pages come with the billing surface."""

    name = "billing"
