"""The operator portal."""

from django.apps import AppConfig


class OperatorPortalConfig(AppConfig):
    """A surface: its only models tell of the gates before it."""

    name = "operator_portal"
