"""What a change in the middle of a period costs: to the second, each line rounded by itself.

Stripe's flexible billing mode, the default of this API version: a credit gives back a part of what was charged, and
not of what the item would cost now (https://docs.stripe.com/billing/subscriptions/prorations).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from devstack.payments.calendar import Period
from devstack.payments.money import rounded


@dataclass(frozen=True)
class Debit:
    """What was charged in advance for a period, after discounts; time from `until` on has been given back."""

    amount: int
    period: Period
    until: int

    @classmethod
    def of(cls, amount: int, period: Period) -> Debit:
        """Return a debit of which nothing has been given back."""
        return cls(amount, period, period.end)

    def ended(self, at: int) -> Debit:
        """Return the debit as a credit at `at` leaves it."""
        return replace(self, until=min(self.until, max(at, self.period.start)))


@dataclass(frozen=True)
class Part:
    """One line of a proration: a credit, for the debit of that index, or the charge for what is left."""

    amount: int
    period: Period
    debit: int | None = None


def share(amount: Fraction | int, whole: Period, part: Period, currency: str) -> int:
    """Return what a part of a period costs, where the whole of it costs `amount`."""
    if whole.seconds <= 0 or part.seconds <= 0:
        return 0
    return rounded(Fraction(amount) * Fraction(part.seconds, whole.seconds), currency)


def credits_of(debits: Sequence[Debit], at: int, currency: str) -> list[Part]:
    """Return what is given back for the time from `at` on, one part for each debit that reaches beyond it."""
    parts = []
    for index, debit in enumerate(debits):
        unused = Period(max(at, debit.period.start), debit.until)
        if unused.seconds > 0:
            parts.append(Part(-share(debit.amount, debit.period, unused, currency), unused, index))
    return parts


def charge_for(amount: Fraction | int, period: Period, at: int, currency: str) -> Part:
    """Return what is charged for the time that a period has left at `at`; the whole of it costs `amount`."""
    remaining = Period(min(max(at, period.start), period.end), period.end)
    return Part(share(amount, period, remaining, currency), remaining)
