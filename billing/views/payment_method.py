"""The card that pays: its form, the setup that the form begins, and the card that it ends with."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.views.generic import TemplateView, View

from accounts import answers
from accounts.mixins import FragmentMixin
from accounts.step_up import StepUpRequiredMixin
from billing import selectors
from billing.errors import BillingError, NotAllowed, StripeAway
from billing.forms import PaymentMethodForm
from billing.mixins import CardDocumentMixin
from billing.services import cards
from billing.templatetags.cards import card_brand
from tenants.enums import Permission
from tenants.mixins import TenantAccessRequiredMixin
from tenants.scope import tenant_scope

_PATH = re.compile(r"[a-z0-9/-]{1,200}", re.ASCII)
_NO_CARD = "That is no card of Stripe's. Add it again."


class PaymentMethodView(TenantAccessRequiredMixin, StepUpRequiredMixin, CardDocumentMixin, FragmentMixin, TemplateView):
    """Shows the form of a new card, and makes the card that Stripe has set up the one that pays.

    Both ask for a fresh sign-in, so that no card is typed in vain. The form's script posts, and reads JSON: the
    card as it is now, or a problem whose `detail` is for the person.
    """

    fragment = "dialog"
    permission = Permission.BILLING_WRITE
    is_scoped = False
    template_name = "billing/payment_method.html"
    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form."""
        with tenant_scope(self.access.tenant):
            response = super().get(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        return response

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Make a card the default."""
        form = PaymentMethodForm(request.POST)
        if not form.is_valid():
            return _problem(request, 422, _NO_CARD)
        try:
            card = cards.set_default(
                tenant=self.access.tenant, payment_method=form.cleaned_data["payment_method"], by=self.actor
            )
        except BillingError as error:
            return _refused(request, error)
        title, text = "Card saved", f"{card_brand(card.brand)} ending {card.last4} pays from now on."
        if "page" in request.GET:  # the script goes on to the subscription's page, which tells it
            messages.success(request, f"{title}. {text}")
        return JsonResponse({"title": title, "text": text})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the card that pays now, and what the script needs."""
        account = selectors.account_of(tenant=self.access.tenant)
        return super().get_context_data(
            account=account,
            stripe_js_url=settings.STRIPE_JS_URL,
            stripe_element=settings.STRIPE_ELEMENT,
            currency=account.currency if account else settings.STRIPE_CURRENCY,
            next_url=self._next_url(),
            **kwargs,
        )

    def _next_url(self) -> str:
        """Return where the page leads afterwards: back to the price or the invoice that wanted a card."""
        home = reverse("billing:subscription", kwargs={"slug": self.access.tenant.slug})
        invoices = reverse("billing:invoices", kwargs={"slug": self.access.tenant.slug})
        wanted = self.request.GET.get("next", "")
        return wanted if _PATH.fullmatch(wanted) and wanted.startswith((home, invoices)) else home


class SetupIntentView(TenantAccessRequiredMixin, StepUpRequiredMixin, View):
    """Begins to set up a card; a workspace becomes Stripe's customer here if it is none yet."""

    permission = Permission.BILLING_WRITE
    is_scoped = False
    http_method_names = ("post",)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Answer what the browser needs to hand a card to Stripe."""
        try:
            setup = cards.start_setup(tenant=self.access.tenant, by=self.actor)
        except BillingError as error:
            return _refused(request, error)
        return JsonResponse({"client_secret": setup.client_secret, "publishable_key": setup.publishable_key})


def _refused(request: HttpRequest, error: BillingError) -> HttpResponse:
    """Say what stood in the way: 503 if they are away, 422 if they said no.

    Raises:
        PermissionDenied: the right to it has gone.
    """
    if isinstance(error, NotAllowed):
        raise PermissionDenied(str(error)) from error
    if isinstance(error, StripeAway):
        response = _problem(request, 503, str(error))
        response["Retry-After"] = str(error.retry_after_seconds)
        return response
    return _problem(request, 422, str(error))


def _problem(request: HttpRequest, status: int, detail: str) -> HttpResponse:
    body = answers.problem_body(request, status, detail)
    return JsonResponse(body, status=status, content_type=answers.PROBLEM_TYPE)
