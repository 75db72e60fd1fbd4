"""How a card stands on a page."""

from __future__ import annotations

from django import template

register = template.Library()

# Stripe's names of brands (https://docs.stripe.com/api/payment_methods/object), as people write them.
_BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos",
    "jcb": "JCB",
    "link": "Link",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}


@register.filter
def card_brand(brand: str) -> str:
    """Return a brand as people write it; "Card" for one that Stripe doesn't know."""
    return _BRANDS.get(brand, "Card")
