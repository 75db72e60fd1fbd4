"""What accounts tells the floors above it, which it must not import."""

from django.dispatch import Signal

# user, roles (claims.Roles): the provider has just confirmed a person's groups.
roles_confirmed = Signal()
# user, session, request: a person signed in.
signed_in = Signal()
# user, session, request, reason: a person signed out.
signed_out = Signal()
# user, request: a guard turned somebody away.
refused = Signal()
