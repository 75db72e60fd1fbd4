"""How amounts stand on a page."""

from __future__ import annotations

from typing import Any

from babel import Locale
from django import template
from django.template.context import Context

from billing.locales import locale_of
from billing.money import Money

register = template.Library()


@register.simple_tag(takes_context=True)
def money(context: Context, amount: Money | None) -> str:
    """Return an amount as the request's person writes it; nothing for None."""
    return amount.format(locale_of(context.get("request"))) if amount is not None else ""


@register.simple_tag
def money_of(currency: str, minor: int) -> Money:
    """Return an amount of its parts, to be given to `money`."""
    return Money(currency, int(minor))


@register.simple_tag(takes_context=True)
def country_name(context: Context, code: str) -> str:
    """Return a country's name in the person's language, or the code itself."""
    names: Any = Locale.parse(locale_of(context.get("request"))).territories
    return str(names.get(code, code))
