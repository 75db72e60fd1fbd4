"""The tenants app: workspaces, who belongs to them, and their audit log."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Listens to what accounts tells."""

    name = "tenants"

    def ready(self) -> None:
        """Connect the receivers and load the checks."""
        from tenants import checks, receivers  # noqa: F401, PLC0415 - they need the app registry
