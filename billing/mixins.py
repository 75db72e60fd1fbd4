"""What pages with a card form stand on: a document that may load Stripe.js, and is loaded whole."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic.base import View

from accounts import htmx

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


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
