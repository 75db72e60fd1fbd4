"""All that the stand-in answers, collected from its modules."""

from __future__ import annotations

from devstack.payments import (
    calls,
    catalogue,
    challenges,
    customers,
    events,
    payment_intents,
    payment_methods,
    refunds,
    setup_intents,
    webhooks,
)
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
    *events.ROUTES,
    *webhooks.ROUTES,
)
