"""Ending the subscription with its period, and going on after all."""

from __future__ import annotations

from django.forms import Form
from django.http import HttpResponse
from django.utils import dateformat

from billing.mixins import BillingFormView
from billing.services import subscriptions


class CancelView(BillingFormView):
    """Says what ends and when, and cancels."""

    form_class = Form
    template_name = "billing/cancel.html"
    charges = True

    def carry_out(self, form: Form) -> HttpResponse:  # noqa: ARG002 - it has no fields
        """Have it end with the period that is paid for."""
        account = subscriptions.cancel(tenant=self.access.tenant, by=self.actor)
        ends = dateformat.format(account.renews_at, "j F Y") if account.renews_at else ""
        return self.done("Subscription cancelled", f"It ends on {ends}. Until then you can resume it." if ends else "")


class ResumeView(BillingFormView):
    """Takes a cancellation back: one press, nothing is charged."""

    form_class = Form
    template_name = "billing/resume.html"

    def carry_out(self, form: Form) -> HttpResponse:  # noqa: ARG002 - it has no fields
        """Have it go on."""
        account = subscriptions.resume(tenant=self.access.tenant, by=self.actor)
        renews = dateformat.format(account.renews_at, "j F Y") if account.renews_at else ""
        return self.done("Subscription resumed", f"It renews on {renews}." if renews else "")
