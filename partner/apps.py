"""The partner app: resellers, their staff and their portal."""

from django.apps import AppConfig


class PartnerConfig(AppConfig):
    """Says who acts for a partner, and listens to what accounts tells."""

    name = "partner"

    def ready(self) -> None:
        """Register the delegates' resolver and connect the receivers."""
        from partner import receivers, selectors  # noqa: F401, PLC0415 - they need the app registry
        from tenants import delegates  # noqa: PLC0415 - as above

        delegates.register(selectors.delegate_of)
