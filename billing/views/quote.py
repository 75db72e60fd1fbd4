"""A price, and the yes to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from billing import selectors
from billing.enums import Interval
from billing.errors import Moved, NotAllowed, Refused, StripeAway
from billing.locales import locale_of
from billing.mixins import BillingFormView
from billing.models import Quote
from billing.services import quotes, subscriptions
from tenants.enums import Plan
from tenants.scope import tenant_scope


class QuoteView(BillingFormView):
    """Shows what a change costs, line by line, and makes it: at that price or not at all."""

    form_class = Form
    template_name = "billing/quote.html"
    charges = True

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Keep the id of the quote."""
        super().setup(request, *args, **kwargs)
        self.quote_id: UUID = kwargs["quote_id"]

    def quote(self) -> Quote:
        """Return the quote; in a scope.

        Raises:
            Http404: this workspace has none of that id.
        """
        found = selectors.quote(tenant=self.access.tenant, quote_id=self.quote_id)
        if found is None:
            raise Http404
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the quote, its price by interval, and where it is accepted."""
        quote: Quote = kwargs.pop("quote", None) or self.quote()
        slug = self.access.tenant.slug
        url = reverse("billing:quote", kwargs={"slug": slug, "quote_id": quote.pk})
        payment_url = reverse("billing:payment-method", kwargs={"slug": slug})
        return super().get_context_data(
            quote=quote, action=url, add_card_url=f"{payment_url}?next={url}", price=_price(quote), **kwargs
        )

    def carry_out(self, form: Form) -> HttpResponse:  # noqa: ARG002 - it has no fields
        """Agree."""
        with tenant_scope(self.access.tenant):
            self.quote()
        quote = subscriptions.accept_quote(tenant=self.access.tenant, quote_id=self.quote_id, by=self.actor)
        return self.done(*_words(quote, locale_of(self.request)))

    def moved(self, form: Any, moved: Moved) -> HttpResponse:
        """Show the price of now beside the one that ran out."""
        with tenant_scope(self.access.tenant):
            old = self.quote()
        try:
            new = quotes.quote_change(
                tenant=self.access.tenant,
                plan=Plan(old.plan),
                interval=Interval(old.interval),
                seats=old.seats,
                by=self.actor,
            )
        except (NotAllowed, StripeAway):
            raise
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self.show(form=form, quote=old, moved=str(moved), is_void=True, status=409)
        return self.show(form=form, quote=new, old=old, moved=str(moved), status=409)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Agree, or say what stands in the way; also while a new price was asked for."""
        try:
            return super().post(request, *args, **kwargs)
        except StripeAway as outage:
            with tenant_scope(self.access.tenant):
                form = self.get_form()
            return self.away(form, outage)


def _price(quote: Quote) -> Any:
    """Return what all seats cost in one interval, as far as the catalogue says."""
    found = selectors.price_by_id(quote.price_id)
    return None if found is None else type(found.unit)(quote.currency, found.unit_minor * quote.seats)


def _words(quote: Quote, locale: str) -> tuple[str, str]:
    title = f"{quote.plan_label}, {quote.seats} seat{'' if quote.seats == 1 else 's'}"
    invoiced = quote.invoiced
    if invoiced is not None and quote.is_different:
        return title, f"Quoted {quote.total.format(locale)}, invoiced {invoiced.format(locale)}."
    if invoiced is None or not invoiced.minor:
        return title, "Nothing was charged."
    if invoiced.minor < 0:
        return title, f"{type(invoiced)(invoiced.currency, -invoiced.minor).format(locale)} was credited, as quoted."
    return title, f"{invoiced.format(locale)}, exactly as quoted."
