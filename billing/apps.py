"""The billing app."""

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Holds what concerns Stripe."""

    name = "billing"

    def ready(self) -> None:
        """Keep dj-stripe off the network: only our gateway calls Stripe."""
        from billing.mirror import keep_off_the_network  # noqa: PLC0415 - models are there once apps are ready

        keep_off_the_network()
