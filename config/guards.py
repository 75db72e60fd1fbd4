"""The guard table: one row for each URL namespace. What has no row is refused.

| surface | who | when identity can't be confirmed |
The three columns are spelled out in docs/explanation/guards.md, whose table a test compares.
"""

from accounts.enums import Audience, Failure
from accounts.guards import Rule

RULES: dict[str, Rule] = {
    # The launcher and your own pages: reads go on for the grace, writes wait.
    "launcher": Rule(Audience.SIGNED_IN, Failure.OPEN),
    "accounts": Rule(Audience.SIGNED_IN, Failure.OPEN),
    # Workspaces: no data while we can't say who asks.
    "dashboard": Rule(Audience.TENANT, Failure.CLOSED),
    "tenants": Rule(Audience.TENANT, Failure.CLOSED),
    "billing": Rule(Audience.TENANT, Failure.CLOSED),
    # Stripe signs what it sends; nobody else is heard.
    "stripe": Rule(Audience.PUBLIC),
    # The partner portal shares its client with tenants, so no policy of the provider stands before it.
    "partner": Rule(Audience.PARTNER, Failure.CLOSED),
    # Operators are not signed out by an outage: the third layer decides each request from the database.
    "operator": Rule(Audience.OPERATOR, Failure.OPEN),
    # For those who are no operators: it only signs out.
    "operator-exit": Rule(Audience.PUBLIC),
    "admin": Rule(Audience.SUPPORT, Failure.CLOSED),
    # Signing in and out, and renewal, decide by themselves.
    "oidc": Rule(Audience.PUBLIC),
    "session": Rule(Audience.PUBLIC),
    # API views authenticate by bearer or session, and each names its own audience.
    "api": Rule(Audience.PUBLIC),
    "api-docs": Rule(Audience.PUBLIC),
    "health": Rule(Audience.PUBLIC),
}
