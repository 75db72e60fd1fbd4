"""The workspace's subscription: what it has, what pays for it, and what comes next."""

from __future__ import annotations

from typing import Any

from django.views.generic import TemplateView

from billing import selectors
from billing.mixins import CardDocumentMixin
from tenants.enums import Permission
from tenants.mixins import TenantAccessRequiredMixin

_RECENT = 5


class SubscriptionView(TenantAccessRequiredMixin, CardDocumentMixin, TemplateView):
    """Shows the subscription; the dialogs about it open over this page, and have it read again when they are done."""

    permission = Permission.BILLING_READ
    template_name = "billing/subscription.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return everything that the page shows, and whether the reader may change it."""
        tenant = self.access.tenant
        account = selectors.account_of(tenant=tenant)
        return super().get_context_data(
            account=account,
            price=selectors.price_of(account) if account else None,
            quote=selectors.last_quote_taken_up(tenant=tenant) if account else None,
            open_invoices=selectors.open_invoices(tenant=tenant) if account else [],
            recent=list(selectors.invoice_page(tenant=tenant, size=_RECENT).items) if account else [],
            seats_left=max(0, tenant.seats - tenant.seats_used),
            may_write=self.access.may(Permission.BILLING_WRITE),
            **kwargs,
        )
