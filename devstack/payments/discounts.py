"""How coupons lower the lines of an invoice: in turn, and amounts in proportion to the lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from devstack.payments.money import rounded


@dataclass(frozen=True)
class Reduction:
    """One discount: a percentage, or an amount in minor units that is spread over the lines."""

    discount: str
    percent: Fraction | None = None
    amount: int | None = None


def reduce(amounts: Sequence[int], reductions: Sequence[Reduction], currency: str) -> list[list[tuple[str, int]]]:
    """Return for each amount what each discount takes off; a line never falls below zero and credits are left alone."""
    left = [max(amount, 0) for amount in amounts]
    taken: list[list[tuple[str, int]]] = [[] for _ in amounts]
    for reduction in reductions:
        cuts = _cuts(left, reduction, currency)
        left = [amount - cut for amount, cut in zip(left, cuts, strict=True)]
        for line, cut in zip(taken, cuts, strict=True):
            line.append((reduction.discount, cut))
    return taken


def _cuts(left: list[int], reduction: Reduction, currency: str) -> list[int]:
    if reduction.percent is not None:
        return [rounded(amount * reduction.percent / 100, currency) for amount in left]
    total = sum(left)
    cut = min(reduction.amount or 0, total)
    cuts, so_far, given = [], 0, 0
    # The rounded running sum: the cuts add up to the coupon's amount to the last cent.
    for amount in left:
        so_far += amount
        upto = rounded(Fraction(cut * so_far, total), currency) if total else 0
        cuts.append(min(upto - given, amount))
        given += cuts[-1]
    return cuts
