"""A price before it is agreed to: what a change of plan or seats would cost now, as Stripe itself previews it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

from django.utils import timezone

from billing import sync, vat
from billing.enums import Interval
from billing.errors import Refused
from billing.gateway import reads
from billing.models import BillingAccount, PlanPrice, Quote
from billing.money import round_half_up
from billing.services.standing import account_for, patience
from billing.spend import per_month
from tenants.audit import Actor
from tenants.enums import Plan
from tenants.models import Tenant
from tenants.scope import tenant_scope

MAX_SEATS = 100_000
_FRESH = timedelta(minutes=1)


def quote_change(*, tenant: Tenant, plan: Plan, interval: Interval, seats: int, by: Actor) -> Quote:
    """Return the kept price of subscribing, or of changing the subscription, as of this moment.

    Raises:
        Refused: fewer seats than people, an unknown price, nothing to change, or no billing details; `field` names it.
        StripeAway, NotAllowed: asking again is safe.
    """
    with patience():
        account = _fresh(tenant, account_for(tenant=tenant, by=by))
        price = _price(account, plan, interval)
        _demand_sense(tenant, account, price, seats)
        preview = reads.preview(preview_params(account, price, seats))
    with tenant_scope(tenant):
        return Quote.objects.create(
            tenant=tenant,
            created_by_id=by.user_id,
            plan=plan,
            interval=interval,
            seats=seats,
            price_id=price.price_id,
            currency=preview["currency"],
            subscription_id=account.subscription_id if account.has_subscription else "",
            before=standing_of(account),
            proration_at=_proration_at(preview) if account.has_subscription else None,
            lines=[_line(each) for each in preview["lines"]["data"]],
            total_minor=preview["total"],
            tax_minor=sum(tax["amount"] for tax in preview.get("total_taxes") or []),
            due_minor=preview["amount_due"],
            monthly_minor=round_half_up(per_month(Fraction(price.unit_minor) * seats, interval)),
        )


def preview_params(account: BillingAccount, price: PlanPrice, seats: int) -> dict[str, Any]:
    """Return what Stripe is asked: exactly what accepting the quote will send, priced for the details shown here."""
    details = _details(account)
    params: dict[str, Any] = {"customer": account.customer_id, **({"customer_details": details} if details else {})}
    if not account.has_subscription:
        return {
            **params,
            "currency": price.currency,
            "automatic_tax": {"enabled": True},
            "subscription_details": {"items": [{"price": price.price_id, "quantity": seats}]},
        }
    items = [{"id": account.subscription_item_id, "price": price.price_id, "quantity": seats}]
    return {
        **params,
        "subscription": account.subscription_id,
        "subscription_details": {"items": items, "proration_behavior": "always_invoice"},
    }


def standing_of(account: BillingAccount) -> dict[str, Any]:
    """Return what a quote stands on: if any of it is different later, the price is too."""
    if not account.has_subscription:
        return {"subscription": "", "country": account.country, "vat_number": account.vat_number}
    return {
        "subscription": account.subscription_id,
        "item": account.subscription_item_id,
        "price": account.price_id,
        "seats": account.seats,
        "period": account.period_starts_at.isoformat() if account.period_starts_at else "",
        "country": account.country,
        "vat_number": account.vat_number,
    }


def _fresh(tenant: Tenant, account: BillingAccount) -> BillingAccount:
    """Return the account as Stripe has it now, where it was not looked at just before: a price stands on it."""
    is_new = account.synced_at is not None and timezone.now() - account.synced_at < _FRESH
    if is_new or not account.customer_id:
        return account
    return sync.tenant(tenant, account.customer_id).account


def _price(account: BillingAccount, plan: Plan, interval: Interval) -> PlanPrice:
    found = PlanPrice.objects.filter(plan=plan, currency=account.currency, interval=interval, is_active=True).first()
    if found is None:
        raise Refused("This plan isn't sold this way. Choose another one.", code="no_price", field="plan")
    return found


def _demand_sense(tenant: Tenant, account: BillingAccount, price: PlanPrice, seats: int) -> None:
    with tenant_scope(tenant):
        used = Tenant.objects.get(pk=tenant.pk).seats_used
    if not 1 <= seats <= MAX_SEATS:
        raise Refused(f"Give a number from 1 to {MAX_SEATS}.", code="seats_out_of_range", field="seats")
    if seats < used:
        text = f"{used} people use a seat. Remove people first, or keep at least {used} seats."
        raise Refused(text, code="seats_in_use", field="seats")
    if not account.customer_id or not account.country:
        text = "Give your billing details first: tax depends on your country."
        raise Refused(text, code="details_missing", field="country")
    if account.has_subscription and (account.price_id, account.seats) == (price.price_id, seats):
        raise Refused("That is what you have already.", code="no_change", field="seats")
    if account.is_past_due:
        raise Refused("Pay the open invoice first. Then you can change plan and seats.", code="past_due", field="")


def _details(account: BillingAccount) -> dict[str, Any]:
    if not account.country:
        return {}
    details: dict[str, Any] = {"address": {"country": account.country}}
    if account.vat_number:
        try:
            number = vat.parse(account.country, account.vat_number)
        except vat.BadVat:  # written at Stripe by somebody else: it prices what it holds
            return details
        details["tax_ids"] = [{"type": number.type, "value": number.value}]
    return details


def _proration_at(preview: dict[str, Any]) -> int | None:
    parent = (preview.get("parent") or {}).get("subscription_details") or {}
    found = parent.get("subscription_proration_date")
    return int(found) if found is not None else None


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": line.get("description") or "",
        "amount_minor": line["amount"],
        "from": line["period"]["start"],
        "to": line["period"]["end"],
    }
