"""The configuration's own app: the support site in the place of Django's admin."""

from django.contrib.admin.apps import AdminConfig


class SupportAdminConfig(AdminConfig):
    """Puts the support site in the place of Django's own."""

    default_site = "config.support.SupportSite"
