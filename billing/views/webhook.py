"""Where Stripe tells us that something happened."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from billing import inbox
from billing.errors import BadWebhook, ForgedWebhook

logger = logging.getLogger(__name__)


# No browser calls this: the signature is the proof, and there is no session whose rights could be borrowed.
@method_decorator(csrf_exempt, name="dispatch")
class WebhookView(View):
    """Keeps a genuine event and says thanks; everything else happens later, elsewhere."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer 200 kept, 400 not genuine or no event for us, 413 too large."""
        announced = int(request.headers.get("Content-Length") or 0)  # a number: the body's middleware has looked
        if announced > inbox.MAX_BODY_BYTES or len(request.body) > inbox.MAX_BODY_BYTES:
            return _problem(413, "An event has at most 256 kB.")
        try:
            inbox.verify(request.body, request.headers.get("Stripe-Signature", ""), now=int(timezone.now().timestamp()))
            inbox.receive(request.body)
        except ForgedWebhook as error:
            logger.warning("webhook refused: %s", error)
            return _problem(400, "The signature is not valid here.")
        except BadWebhook as error:
            logger.warning("signed webhook refused: %s", error)
            return _problem(400, str(error))
        return JsonResponse({"received": True})


def _problem(status: int, detail: str) -> HttpResponse:
    return JsonResponse({"error": detail}, status=status)
