"""Models of the accounts app, one subject a file."""

from accounts.models.idempotent_request import IdempotentRequest
from accounts.models.person import User
from accounts.models.session import OIDCSession, Revocation, SeenLogoutToken
from accounts.models.sign_out_order import SignOutOrder

__all__ = ["IdempotentRequest", "OIDCSession", "Revocation", "SeenLogoutToken", "SignOutOrder", "User"]
