"""Pages of the partner portal."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.views.generic import TemplateView

from partner import selectors
from partner.forms import CustomerFilterForm
from partner.mixins import PartnerStaffRequiredMixin
from tenants.keyset import BadCursor


class CustomersView(PartnerStaffRequiredMixin, TemplateView):
    """Lists the partner's own customers, by name."""

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
        return super().get_context_data(
            customer=found,
            tenant=found.tenant,
            grant=found.grant,
            can_open=selectors.grant_is_open(found.grant, found.tenant),
            **kwargs,
        )
