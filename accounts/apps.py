"""The accounts app: people, sign-in, sessions and guards."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers the checks of the guard table and the clients."""

    name = "accounts"

    def ready(self) -> None:
        """Load the system checks."""
        from accounts import checks  # noqa: F401, PLC0415 - Django loads checks once apps are ready
