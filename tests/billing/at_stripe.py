"""What tests do at Stripe themselves: as a browser with Stripe.js, and as somebody in Stripe's dashboard."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from stripe._encode import _api_encode

from billing.services import cards, details
from billing.services.details import BillingInfo
from tenants.audit import SYSTEM, Actor
from tenants.models import Tenant
from tests.contract.checked_stripe import CheckedStripe

DANISH = BillingInfo(company="Acme Studio ApS", vat_number="", country="DK", email="billing@acme.test")


def call(stripe: CheckedStripe, method: str, path: str, *, key: str = "", **params: Any) -> dict[str, Any]:
    """Return Stripe's answer, an error's body too."""
    encoded = urllib.parse.urlencode(list(_api_encode(params)))
    is_post = method == "POST"
    url = f"{stripe.base_url}/v1/{path}" + (f"?{encoded}" if encoded and not is_post else "")
    request = urllib.request.Request(url, encoded.encode() if is_post else None, method=method)
    request.add_header("Authorization", f"Bearer {key or stripe.secret_key}")
    if is_post:
        request.add_header("Content-Type", "application/x-www-form-urlencoded")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        found = json.load(error)
    return found


def confirm(stripe: CheckedStripe, client_secret: str, payment_method: str = "pm_card_visa") -> dict[str, Any]:
    """Confirm a setup intent as the browser does: with the publishable key."""
    return call(
        stripe,
        "POST",
        f"setup_intents/{client_secret.partition('_secret_')[0]}/confirm",
        key=stripe.publishable_key,
        client_secret=client_secret,
        payment_method=payment_method,
    )


def add_card(stripe: CheckedStripe, tenant: Tenant, by: Actor = SYSTEM, token: str = "pm_card_visa") -> str:
    """Have a tenant's default card added, the customer on demand; return the payment method."""
    setup = cards.start_setup(tenant=tenant, by=by)
    method = str(confirm(stripe, setup.client_secret, token)["payment_method"])
    cards.set_default(tenant=tenant, payment_method=method, by=by)
    return method


def ready_to_pay(stripe: CheckedStripe, tenant: Tenant, info: BillingInfo = DANISH) -> None:
    """Give a tenant billing details and a card."""
    details.update_billing_info(tenant=tenant, info=info, expected_version=None, by=SYSTEM)
    add_card(stripe, tenant)
