"""The guard of the tenant admin's surface: fails closed."""

from __future__ import annotations

from accounts.enums import Audience
from accounts.middleware.guard import SurfaceGuardMiddleware


class TenantGuardMiddleware(SurfaceGuardMiddleware):
    """Wants a signed-in person whose identity is confirmed; which workspace, the view's mixin asks."""

    audiences = frozenset({Audience.TENANT})
