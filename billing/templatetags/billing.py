"""How amounts, countries and links of Stripe's stand on a page, and what every page of a workspace says of billing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from django import template
from django.conf import settings
from django.template.context import Context

from billing import selectors
from billing.locales import locale_of
from billing.money import Money
from tenants.access import Access
from tenants.enums import Permission

register = template.Library()


@register.simple_tag(takes_context=True)
def money(context: Context, amount: Money | None) -> str:
    """Return an amount as the request's person writes it; nothing for None."""
    return amount.format(locale_of(context.get("request"))) if amount is not None else ""


@register.simple_tag(takes_context=True)
def money_round(context: Context, amount: Money) -> str:
    """Return an amount without its decimals, for the axis of a chart."""
    return amount.format_round(locale_of(context.get("request")))


@register.simple_tag
def money_of(currency: str, minor: int) -> Money:
    """Return an amount of its parts, to be given to `money`."""
    return Money(currency, int(minor))


@register.simple_tag(takes_context=True)
def country_name(context: Context, code: str) -> str:
    """Return a country's name in the person's language, or the code itself."""
    names: Any = Locale.parse(locale_of(context.get("request"))).territories
    return str(names.get(code, code))


@register.filter
def stripe_link(url: str) -> str:
    """Return an address of Stripe's that may be opened: https, or that of the server which stands in for it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    api = urlsplit(settings.STRIPE_API_BASE)
    is_known = (parts.scheme, parts.netloc) == (api.scheme, api.netloc)
    return url if parts.netloc and (parts.scheme == "https" or is_known) else ""


@register.inclusion_tag("billing/banner.html", takes_context=True)
def billing_banner(context: Context) -> dict[str, Any]:
    """Say on every page of a workspace that a payment has failed, to those who may read billing."""
    access = context.get("access")
    if not isinstance(access, Access) or not access.may(Permission.BILLING_READ):
        return {}
    # A page of billing has the account already; None is one that doesn't exist.
    account = context["account"] if "account" in context else selectors.account_of(tenant=access.tenant)
    if account is None or not account.is_past_due:
        return {}
    invoices = selectors.open_invoices(tenant=access.tenant)
    return {
        "tenant": access.tenant,
        "account": account,
        "invoice": next((each for each in invoices if each.attempts), invoices[0] if invoices else None),
        "may_write": access.may(Permission.BILLING_WRITE),
        "request": context.get("request"),
    }


@register.inclusion_tag("billing/seats_notice.html", takes_context=True)
def seats_notice(context: Context) -> dict[str, Any]:
    """Say beside the people that no seat is left, or that there are more people than seats."""
    access = context["access"]
    tenant = access.tenant
    may_read = access.may(Permission.BILLING_READ)
    account = selectors.account_of(tenant=tenant) if may_read and tenant.seats_used >= tenant.seats else None
    return {
        "tenant": tenant,
        "missing": max(0, tenant.seats_used - tenant.seats),
        "is_full": tenant.seats_used >= tenant.seats,
        "has_subscription": account is not None and account.has_subscription,
        "may_read": may_read,
        "may_write": may_read and access.may(Permission.BILLING_WRITE),
        "csrf_token": context.get("csrf_token"),
    }
