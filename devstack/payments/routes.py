"""All that the stand-in answers, collected from its modules."""

from __future__ import annotations

from devstack.payments import (
    calls,
    catalogue,
    challenges,
    coupons,
    customers,
    events,
    invoices,
    payment_intents,
    payment_methods,
    pending,
    previews,
    refunds,
    setup_intents,
    subscriptions,
    webhooks,
    window,
)

# What time brings is asked for by no call: importing it puts it on the clock.
from devstack.payments import renewals as _renewals  # noqa: F401
from devstack.payments.routing import Route

ROUTES: tuple[Route, ...] = (
    *calls.routes_of(catalogue.PRODUCTS),
    *calls.routes_of(catalogue.PRICES),
    *customers.ROUTES,
    *payment_methods.ROUTES,
    *setup_intents.ROUTES,
    *challenges.ROUTES,
    *payment_intents.ROUTES,
    *refunds.ROUTES,
    *coupons.ROUTES,
    *subscriptions.ROUTES,
    *previews.ROUTES,
    *invoices.ROUTES,
    *pending.ROUTES,
    *events.ROUTES,
    *webhooks.ROUTES,
    *window.ROUTES,
)
