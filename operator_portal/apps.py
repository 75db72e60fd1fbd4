"""The operator portal."""

from django.apps import AppConfig


class OperatorPortalConfig(AppConfig):
    """A surface: it has no models of its own."""

    name = "operator_portal"
