"""Words that the accounts app and everything above it share."""

from enum import Enum, StrEnum


class ClientName(StrEnum):
    """The two OpenID Connect clients; each has a session of its own."""

    PORTAL = "portal"
    OPERATOR = "operator"


class DirectoryRole(StrEnum):
    """What a group of the identity provider can make of a person in a tenant or partner."""

    ADMIN = "admin"
    MEMBER = "member"
    AGENT = "agent"


class Audience(StrEnum):
    """For whom a URL namespace exists."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    TENANT = "tenant"
    PARTNER = "partner"
    OPERATOR = "operator"
    SUPPORT = "support"
    API = "api"


class Failure(StrEnum):
    """What a surface does while the identity of a person cannot be confirmed."""

    OPEN = "open"
    CLOSED = "closed"


class Confirmation(StrEnum):
    """How sure we are that the session's person is still who they were."""

    CONFIRMED = "confirmed"
    GRACE = "grace"
    LAPSED = "lapsed"


class Verdict(Enum):
    """The outcome of a guard."""

    ALLOW = "allow"
    SIGN_IN = "sign_in"
    FORBIDDEN = "forbidden"
    NOT_AUTHORISED = "not_authorised"
    UNAVAILABLE = "unavailable"


class Renewal(Enum):
    """The outcome of asking for a fresh access token."""

    CURRENT = "current"
    RENEWED = "renewed"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
