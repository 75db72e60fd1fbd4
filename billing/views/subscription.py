"""The workspace's subscription: what it has, and what pays for it."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from accounts.mixins import FragmentMixin
from billing import selectors
from billing.mixins import CardDocumentMixin
from tenants.enums import Permission
from tenants.mixins import TenantAccessRequiredMixin


class SubscriptionView(TenantAccessRequiredMixin, CardDocumentMixin, FragmentMixin, TemplateView):
    """Shows the subscription; the dialogs about it open over this page."""

    fragment = "overview"
    permission = Permission.BILLING_READ
    template_name = "billing/subscription.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the account, and whether the reader may change it."""
        account = selectors.account_of(tenant=self.access.tenant)
        may_write = self.access.may(Permission.BILLING_WRITE)
        return super().get_context_data(account=account, may_write=may_write, **kwargs)
