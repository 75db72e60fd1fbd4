"""The tenant portal: launcher and dashboard."""

from django.apps import AppConfig


class TenantPortalConfig(AppConfig):
    """A surface: it has no models of its own."""

    name = "tenant_portal"
