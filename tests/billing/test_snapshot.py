"""Which subscription counts where a customer has several."""

from __future__ import annotations

from typing import Any

import pytest

from billing.snapshot import Snapshot


def _subscription(status: str, created: int) -> dict[str, Any]:
    return {"id": f"sub_{created}", "status": status, "created": created}


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["active", "incomplete"], "active"),
        (["past_due", "incomplete", "incomplete_expired"], "past_due"),
        (["active", "trialing", "canceled"], "trialing"),
        (["incomplete", "canceled"], "incomplete"),
        (["canceled", "incomplete_expired"], "incomplete_expired"),
    ],
)
def test_the_newest_that_lives_counts_and_else_one_that_may_come_to_live(statuses: list[str], expected: str) -> None:
    """One that was begun in Stripe's dashboard and never paid hides none that is paid for."""
    subscriptions = [_subscription(status, created) for created, status in enumerate(statuses)]
    counting = Snapshot({"id": "cus_1"}, subscriptions, []).subscription
    assert counting is not None
    assert counting["status"] == expected
    assert Snapshot({"id": "cus_1"}, [], []).subscription is None
