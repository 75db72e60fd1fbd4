"""All that the stand-in answers, collected from its modules."""

from __future__ import annotations

from devstack.payments import calls, catalogue, customers, events, webhooks
from devstack.payments.routing import Route

ROUTES: tuple[Route, ...] = (
    *calls.routes_of(catalogue.PRODUCTS),
    *calls.routes_of(catalogue.PRICES),
    *calls.routes_of(customers.CUSTOMERS),
    *events.ROUTES,
    *webhooks.ROUTES,
)
