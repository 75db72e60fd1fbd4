"""Pages of the partner portal."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.views.generic import TemplateView

from accounts.mixins import FragmentMixin
from partner import selectors
from partner.forms import CustomerFilterForm
from partner.mixins import PartnerStaffRequiredMixin
from tenants.enums import Permission
from tenants.keyset import BadCursor
from tenants.models import AuditEvent
from tenants.scope import tenant_scope
from tenants.selectors import recent_events


class CustomersView(FragmentMixin, PartnerStaffRequiredMixin, TemplateView):
    """Lists the partner's own customers, by name."""

    fragment = "rows"
    template_name = "partner/customers.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of customers."""
        form = CustomerFilterForm(self.request.GET)
        form.is_valid()
        text, cursor = form.cleaned_data.get("q", ""), form.cleaned_data.get("cursor") or None
        try:
            page = selectors.customers_page(staff=self.staff, text=text, cursor=cursor)
        except BadCursor:
            page = selectors.customers_page(staff=self.staff, text=text)
        return super().get_context_data(page=page, q=text, totals=selectors.totals(staff=self.staff), **kwargs)


class CustomerView(PartnerStaffRequiredMixin, TemplateView):
    """Shows one customer, and what it has delegated."""

    template_name = "partner/customer.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the customer.

        Raises:
            Http404: not a customer that this member of staff may see.
        """
        found = selectors.customer(staff=self.staff, slug=self.kwargs["slug"])
        if found is None:
            raise Http404
        can_open = selectors.grant_opens(found.grant, found.tenant)
        return super().get_context_data(
            customer=found, access=found.grant, can_open=can_open, events=self._events(found), **kwargs
        )

    def _events(self, found: selectors.Customer) -> list[AuditEvent] | None:
        """Return the customer's newest events if it has delegated them to be read, else None."""
        grant = found.grant
        if grant is None or found.tenant.is_suspended or Permission.AUDIT_READ not in grant.permissions:
            return None
        with tenant_scope(found.tenant):
            return recent_events(tenant=found.tenant)
