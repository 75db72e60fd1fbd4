"""Forms of billing."""

from __future__ import annotations

from typing import Any

from django import forms

from billing.enums import Interval
from billing.querysets import INVOICE_FILTERS
from billing.services.quotes import MAX_SEATS
from tenants.enums import Plan


class PaymentMethodForm(forms.Form):
    """The card that Stripe has set up; its id alone comes here."""

    payment_method = forms.RegexField(regex=r"^pm_[A-Za-z0-9]{1,120}\Z", max_length=128)


class ChangeForm(forms.Form):
    """The plan, the interval and the seats that a price is asked for."""

    plan = forms.ChoiceField(choices=Plan.choices)
    interval = forms.ChoiceField(choices=[(each.value, each.label) for each in (Interval.MONTH, Interval.YEAR)])
    seats = forms.IntegerField(min_value=1, max_value=MAX_SEATS)


class AddPeopleForm(forms.Form):
    """How many people are to be added; none, if a seat is missing for those who are there."""

    people = forms.IntegerField(min_value=0, max_value=MAX_SEATS)


class DetailsForm(forms.Form):
    """What stands on invoices; `version` is that of the details as they were shown (P3)."""

    company = forms.CharField(max_length=200)
    vat_number = forms.CharField(max_length=32, required=False)
    country = forms.ChoiceField()
    email = forms.EmailField(max_length=254)
    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, countries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = countries  # type: ignore[attr-defined]

    def clean_company(self) -> str:
        """Return a name of one line, without what can't be seen (T7)."""
        company = " ".join(self.cleaned_data["company"].split())
        if not company.isprintable():
            raise forms.ValidationError("The name holds characters that can't be seen.")
        return company


class InvoiceFilterForm(forms.Form):
    """Which invoices to list; what is not understood is left out."""

    status = forms.ChoiceField(required=False, choices=[("", "Any status"), *INVOICE_FILTERS])
    cursor = forms.CharField(required=False, max_length=4096)
