"""Invoices: the list, all of them as a file, and paying one that is open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.views.generic import TemplateView

from accounts.mixins import FragmentMixin
from billing import exports, selectors
from billing.forms import InvoiceFilterForm
from billing.locales import locale_of
from billing.mixins import BillingAccessMixin, BillingFormView
from billing.models import Invoice
from billing.querysets import INVOICE_FILTERS
from billing.services import payments
from tenants.enums import Permission
from tenants.keyset import BadCursor
from tenants.mixins import TenantAccessRequiredMixin
from tenants.scope import tenant_scope


class InvoicesView(FragmentMixin, TenantAccessRequiredMixin, TemplateView):
    """Lists the invoices, newest first."""

    fragment = "rows"
    permission = Permission.BILLING_READ
    template_name = "billing/invoices.html"
    http_method_names = ("get", "head")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return one page of invoices."""
        form = InvoiceFilterForm(self.request.GET)
        form.is_valid()
        status, tenant = form.cleaned_data.get("status", ""), self.access.tenant
        try:
            page = selectors.invoice_page(tenant=tenant, status=status, cursor=form.cleaned_data.get("cursor") or None)
        except BadCursor:
            page = selectors.invoice_page(tenant=tenant, status=status)
        return super().get_context_data(
            page=page,
            status=status,
            filters=INVOICE_FILTERS,
            may_write=self.access.may(Permission.BILLING_WRITE),
            account=selectors.account_of(tenant=tenant),
            **kwargs,
        )


class InvoicesFileView(BillingAccessMixin):
    """Sends every invoice as a CSV file, however many there are."""

    permission = Permission.BILLING_READ
    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, **_kwargs: Any) -> StreamingHttpResponse:  # noqa: ARG002 - Django's signature
        """Answer with the file, a page of keys at a time."""
        return StreamingHttpResponse(self._lines(), headers=self._headers())

    def head(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """Answer what the file is, and read none of it."""
        return HttpResponse(headers=self._headers())

    def _headers(self) -> dict[str, str]:
        name = f"invoices-{self.access.tenant.slug}.csv"
        return {"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": f'attachment; filename="{name}"'}

    def _lines(self) -> Iterator[str]:
        yield exports.header()
        cursor: str | None = None
        while True:
            with tenant_scope(self.access.tenant):  # a scope a page: no transaction waits for a slow reader
                page = selectors.invoice_page(tenant=self.access.tenant, cursor=cursor, size=exports.PAGE)
            yield "".join(exports.line(each) for each in page.items)
            cursor = page.next_cursor
            if cursor is None:
                return


class PayInvoiceView(BillingFormView):
    """Says what is charged to which card, and charges it."""

    form_class = Form
    template_name = "billing/pay.html"
    charges = True

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Keep the id of the invoice."""
        super().setup(request, *args, **kwargs)
        self.invoice_id: UUID = kwargs["invoice_id"]

    def invoice(self) -> Invoice:
        """Return the invoice; in a scope.

        Raises:
            Http404: this workspace has none of that id.
        """
        found = selectors.invoice(tenant=self.access.tenant, invoice_id=self.invoice_id)
        if found is None:
            raise Http404
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the invoice, and the way to another card and back."""
        payment_url = reverse("billing:payment-method", kwargs={"slug": self.access.tenant.slug})
        return super().get_context_data(
            invoice=self.invoice(), add_card_url=f"{payment_url}?next={self.request.path}", **kwargs
        )

    def carry_out(self, form: Form) -> HttpResponse:  # noqa: ARG002 - it has no fields
        """Have the card charged."""
        with tenant_scope(self.access.tenant):
            self.invoice()
        paid = payments.pay_invoice(tenant=self.access.tenant, invoice_id=self.invoice_id, by=self.actor)
        return self.done(f"Invoice {paid} is paid", f"{paid.total.format(locale_of(self.request))}.")
