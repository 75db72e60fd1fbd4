"""What pages of billing stand on: the way in, answers to what Stripe says, and a document that may load Stripe.js."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.views.generic import FormView
from django.views.generic.base import View

from accounts import answers, htmx, step_up
from billing import selectors
from billing.errors import Declined, Moved, NotAllowed, Refused, StripeAway
from billing.models import BillingAccount
from tenants.enums import Permission
from tenants.mixins import TenantAccessRequiredMixin
from tenants.scope import tenant_scope

_STRIPE = "https://js.stripe.com"
# Stripe's own list (https://docs.stripe.com/security/guide#content-security-policy).
_MORE_SCRIPTS = ("https://*.js.stripe.com",)
_MORE_FRAMES = (*_MORE_SCRIPTS, "https://hooks.stripe.com")
# Stripe.js promises nothing under Trusted Types but by way of a `default` policy, which would bind nobody on the page
# (stripe/stripe-js#403): these documents do without, and keep everything else.
_LEFT_OUT = ("require-trusted-types-for", "trusted-types")


class CardDocumentMixin(View):
    """Gives the document a policy that lets Stripe.js in; no other document has it.

    The policy is the document's, and htmx swaps pages without a new one: such a page is never swapped in, and
    what its links lead to is loaded whole, too (`{% block boost %}`).
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer with that policy; have a boosted link load the whole page."""
        if request.headers.get("HX-Boosted") == "true":
            return htmx.redirect(request.get_full_path())
        response = super().dispatch(request, *args, **kwargs)
        response._csp_config = card_policy()  # type: ignore[attr-defined] # read by Django's CSP middleware
        return response


@cache
def card_policy() -> dict[str, list[str]]:
    """Return the site's policy with the origins of Stripe.js, of its frames, and of the API that they speak to."""
    script, api = _origin(settings.STRIPE_JS_URL), _origin(settings.STRIPE_API_BASE)
    is_stripes = script == _STRIPE
    policy: dict[str, list[str]] = {
        name: list(values) for name, values in settings.SECURE_CSP.items() if name not in _LEFT_OUT
    }
    policy["script-src"] += [script, *(_MORE_SCRIPTS if is_stripes else ())]
    policy["frame-src"] = [script, *(_MORE_FRAMES if is_stripes else ())]
    policy["connect-src"] += [api]
    return policy


class BillingAccessMixin(TenantAccessRequiredMixin):
    """Lets in who may do `permission`, and holds no transaction while Stripe is asked.

    What is read is read in a scope of its own: `show` is one.
    """

    is_scoped = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; whoever lost the right on the way is told 403."""
        try:
            return super().dispatch(request, *args, **kwargs)
        except NotAllowed as error:
            raise PermissionDenied(str(error)) from error

    def account(self) -> BillingAccount | None:
        """Return the account as it is now."""
        with tenant_scope(self.access.tenant):
            return selectors.account_of(tenant=self.access.tenant)


class BillingFormView(BillingAccessMixin, FormView[Any]):
    """A dialog of billing; without HTMX the same URL is a page of its own, by the same template.

    What Stripe answers becomes what the person sees, with the form as it was typed: away is 503 and a way to try
    again, no is 422 at its field, moved is 409. `charges` asks for a fresh sign-in before the card is used (O6).
    """

    permission = Permission.BILLING_WRITE
    charges: ClassVar[bool] = False
    http_method_names: Sequence[str] = ("get", "head", "post")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """Show the form."""
        return self.show()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002 - as above
        """Do it, or say what stands in the way."""
        if self.charges and not step_up.is_fresh(request.oidc):  # type: ignore[attr-defined] # our middleware
            return step_up.challenge(request)
        with tenant_scope(self.access.tenant):
            form = self.get_form()
            is_valid = form.is_valid()
        if not is_valid:
            return self.show(form=form, status=422)
        try:
            return self.carry_out(form)
        except StripeAway as outage:
            return self.away(form, outage)
        except Refused as refusal:
            return self.refused(form, refusal)
        except Moved as moved:
            return self.moved(form, moved)

    def carry_out(self, form: Any) -> HttpResponse:
        """Do what the form asks for.

        Raises:
            StripeAway, Refused, Moved, NotAllowed: as the services.
        """
        raise NotImplementedError

    def show(self, *, status: int = 200, **context: Any) -> HttpResponse:
        """Return the dialog or the page."""
        with tenant_scope(self.access.tenant):
            response = self.render_to_response(self.get_context_data(**context), status=status)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the account, where the form is sent, and what frames it."""
        frame = "dialog" if htmx.is_fragment(self.request) else "page"
        context = {
            "account": selectors.account_of(tenant=self.access.tenant),
            "action": self.request.path,
            "back": self.subscription_url,
            "frame": f"billing/{frame}.html",
        }
        return super().get_context_data(**{**context, **kwargs})

    def away(self, form: Any, outage: StripeAway) -> HttpResponse:
        """Say that they are away, in the form itself: the next try carries the same key."""
        response = self.show(form=form, away=str(outage), status=503)
        response["Retry-After"] = str(outage.retry_after_seconds)
        response[answers.AWAY] = "payments"
        return response

    def refused(self, form: Any, refusal: Refused) -> HttpResponse:
        """Say no at the field that it is about."""
        form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        is_declined = isinstance(refusal, Declined)
        return self.show(form=form, is_declined=is_declined, refusal=refusal.code, status=422)

    def moved(self, form: Any, moved: Moved) -> HttpResponse:
        """Say what has changed meanwhile, and keep what was typed."""
        form.add_error(None, str(moved))
        return self.show(form=form, status=409)

    def done(self, title: str, text: str = "") -> HttpResponse:
        """Close the dialog and have the page read again; a page of its own leads back to the subscription."""
        words = f"{title}. {text}" if text else title
        if htmx.is_fragment(self.request):
            if self.request.headers.get("HX-Current-URL", "").partition("?")[0].endswith(self.subscription_url):
                events = {"dialog__close": {}, "toast": {"title": title, "text": text}, "billing__changed": {}}
                return htmx.trigger(HttpResponse(status=204), **events)
            messages.success(self.request, words)
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        messages.success(self.request, words)
        return redirect(self.subscription_url)

    @property
    def subscription_url(self) -> str:
        """Return the page that all of this is about."""
        return reverse("billing:subscription", kwargs={"slug": self.access.tenant.slug})


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
