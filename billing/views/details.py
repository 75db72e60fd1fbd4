"""Billing details: what stands on invoices, and where they are sent."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse

from billing import selectors
from billing.countries import countries
from billing.errors import Moved
from billing.forms import DetailsForm
from billing.locales import locale_of
from billing.mixins import BillingFormView
from billing.services import details
from billing.services.details import FIELDS, BillingInfo
from tenants.scope import tenant_scope


class DetailsView(BillingFormView):
    """Shows the details and changes them; whoever comes second sees both versions (P3)."""

    form_class = DetailsForm
    template_name = "billing/details.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Name the countries in the person's language."""
        return {**super().get_form_kwargs(), "countries": countries(locale_of(self.request))}

    def get_initial(self) -> dict[str, Any]:
        """Begin with the details as they are."""
        tenant, account = self.access.tenant, selectors.account_of(tenant=self.access.tenant)
        if account is None or not account.customer_id:
            user = self.request.user
            version = account.details_version if account else 1
            return {"company": tenant.name, "email": getattr(user, "email", ""), "version": version}
        return {**{name: getattr(account, name) for name in FIELDS}, "version": account.details_version}

    def carry_out(self, form: DetailsForm) -> HttpResponse:
        """Change them at Stripe and here."""
        info = BillingInfo(**{name: form.cleaned_data[name] for name in FIELDS})
        account = details.update_billing_info(
            tenant=self.access.tenant, info=info, expected_version=form.cleaned_data["version"], by=self.actor
        )
        text = "The VAT number is being checked." if account.vat_status == "pending" else ""
        return self.done("Billing details saved", text)

    def moved(self, form: DetailsForm, moved: Moved) -> HttpResponse:
        """Keep what was typed, show what stands now beside it, and let a second press replace that."""
        with tenant_scope(self.access.tenant):
            account = selectors.account_of(tenant=self.access.tenant)
        again = DetailsForm(
            {**form.cleaned_data, "version": account.details_version if account else 1},
            countries=countries(locale_of(self.request)),
        )
        again.is_valid()
        names = {"company": "Company", "vat_number": "VAT number", "country": "Country", "email": "E-mail"}
        both = [
            (names[name], getattr(account, name, ""), form.cleaned_data[name], name == "country")
            for name in FIELDS
            if getattr(account, name, "") != form.cleaned_data[name]
        ]
        return self.show(form=again, moved=str(moved), both=both, status=409)
