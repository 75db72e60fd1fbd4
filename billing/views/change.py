"""Asking for a price: of another plan or other seats, or of the seats for more people."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import htmx
from billing import selectors, sync
from billing.enums import Interval
from billing.errors import BillingError, Refused, StripeAway
from billing.forms import AddPeopleForm, ChangeForm
from billing.mixins import BillingFormView
from billing.models import Quote
from billing.services import quotes, seats
from billing.views.quote import QuoteView
from tenants.enums import Plan

_DEFAULT_PLAN = Plan.BUSINESS


class PriceView(BillingFormView):
    """Whatever ends in a price that is shown: in the dialog that is open, or as a page."""

    def shown(self, quote: Quote) -> HttpResponse:
        """Answer with the price, in the place of the question."""
        url = reverse("billing:quote", kwargs={"slug": self.access.tenant.slug, "quote_id": quote.pk})
        if not htmx.is_fragment(self.request):
            return redirect(url)
        view = QuoteView()
        view.setup(self.request, slug=self.access.tenant.slug, quote_id=quote.pk)
        view.access = self.access
        return self.in_dialog(view.show())

    def in_dialog(self, response: HttpResponse) -> HttpResponse:
        """Open a dialog with the answer, or put it in the place of the one that is open."""
        response["HX-Retarget"] = "#dialog-host"
        response["HX-Reswap"] = "innerHTML"
        response["HX-Reselect"] = "#billing-dialog"
        return response


class ChangeView(PriceView):
    """Asks which plan, how often and how many seats, and shows what that costs."""

    form_class = ChangeForm
    template_name = "billing/change.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form; a Dezky that has not read the catalogue yet reads it now."""
        account = self.account()
        currency = account.currency if account else settings.STRIPE_CURRENCY
        if not selectors.prices(currency=currency):
            with suppress(BillingError):
                sync.catalogue()
        return super().get(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        """Begin with what there is; `?seats=` says how many are wanted."""
        tenant, account = self.access.tenant, selectors.account_of(tenant=self.access.tenant)
        has = account is not None and account.has_subscription
        return {
            "plan": account.plan if account and has else _DEFAULT_PLAN.value,
            "interval": account.interval if account and has else Interval.MONTH.value,
            "seats": self._wanted_seats(max(1, tenant.seats_used, account.seats if account and has else 0)),
        }

    def _wanted_seats(self, least: int) -> int:
        given = self.request.GET.get("seats", "")
        if not (given.isascii() and given.isdigit() and len(given) <= len(str(quotes.MAX_SEATS))):
            return least
        return min(max(int(given), self.access.tenant.seats_used, 1), quotes.MAX_SEATS)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the plans cost in the tenant's currency."""
        account = selectors.account_of(tenant=self.access.tenant)
        currency = account.currency if account else settings.STRIPE_CURRENCY
        sold = selectors.plans_sold(currency=currency)
        plans = [
            {"value": plan.value, "label": plan.label, "prices": {price.interval: price.unit for price in prices}}
            for plan, prices in sold.items()
        ]
        return super().get_context_data(plans=plans, least=max(1, self.access.tenant.seats_used), **kwargs)

    def carry_out(self, form: ChangeForm) -> HttpResponse:
        """Ask Stripe for the price."""
        quote = quotes.quote_change(
            tenant=self.access.tenant,
            plan=Plan(form.cleaned_data["plan"]),
            interval=Interval(form.cleaned_data["interval"]),
            seats=form.cleaned_data["seats"],
            by=self.actor,
        )
        return self.shown(quote)


class AddPeopleView(PriceView):
    """Asks how many people are to be added, and shows what their seats cost; or that there is room for them."""

    form_class = AddPeopleForm
    template_name = "billing/add_people.html"

    def get_initial(self) -> dict[str, Any]:
        """Begin with one person."""
        return {"people": 1}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add how many seats are free, and that the way back leads to the people."""
        tenant = self.access.tenant
        return super().get_context_data(
            back=reverse("tenants:people", kwargs={"slug": tenant.slug}),
            free=max(0, tenant.seats - tenant.seats_used),
            missing=max(0, tenant.seats_used - tenant.seats),
            **kwargs,
        )

    def carry_out(self, form: AddPeopleForm) -> HttpResponse:
        """Ask Stripe for the price, unless nothing has to be bought."""
        people = form.cleaned_data["people"]
        quote = seats.quote_people(tenant=self.access.tenant, people=people, by=self.actor)
        return self.shown(quote) if quote else self.in_dialog(self.show(form=form, has_room=True))

    def away(self, form: Any, outage: StripeAway) -> HttpResponse:
        """Say so in a dialog of its own, for the notice beside the people asks without one."""
        return self.in_dialog(super().away(form, outage))

    def refused(self, form: Any, refusal: Refused) -> HttpResponse:
        """Say no in a dialog of its own."""
        return self.in_dialog(super().refused(form, refusal))
