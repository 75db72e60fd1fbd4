"""The sums under an invoice's lines, as its page and its PDF show them."""

from __future__ import annotations

from devstack.payments.objects import Object


def sums_of(invoice: Object) -> list[tuple[str, int]]:
    """Return the sums under the lines, in order, each with its name."""
    sums = [("Subtotal", invoice["subtotal"])]
    sums += [("Discount", -each["amount"]) for each in invoice.get("total_discount_amounts") or []]
    sums += [(_tax_name(tax), tax["amount"]) for tax in invoice.get("total_taxes") or []]
    sums.append(("Total", invoice["total"]))
    applied = invoice["total"] - invoice["amount_due"]
    if applied:
        sums.append(("Applied balance", -applied))
    return [*sums, ("Amount due", invoice["amount_remaining"])]


def _tax_name(tax: Object) -> str:
    """Return what a tax is called: its rate, or why there is none."""
    if tax.get("taxability_reason") == "reverse_charge":
        return "Tax to be paid on reverse charge basis"
    base = tax.get("taxable_amount")
    return f"VAT ({tax['amount'] * 100 / base:.4g}%)" if base and tax["amount"] else "VAT"
