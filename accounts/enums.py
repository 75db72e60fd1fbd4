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


class EndReason(StrEnum):
    """Why a session ended, as far as its person should be able to tell."""

    SIGNED_OUT = "signed_out"
    NOT_AUTHORISED = "not_authorised"
    REPLACED = "replaced"
    REFUSED = "refused"
    RAN_OUT = "ran_out"
    BACK_CHANNEL = "back_channel"
    ENDED_ELSEWHERE = "ended_elsewhere"
    EVERYWHERE = "everywhere"
    ORDERED = "ordered"


class TokenHint(StrEnum):
    """What kind of token is taken back (RFC 7009)."""

    REFRESH = "refresh_token"
    ACCESS = "access_token"


class OrderSubject(StrEnum):
    """Whom a sign-out order is about."""

    PERSON = "person"
    TENANT = "tenant"


class Shortfall(Enum):
    """What a sign-in at the provider lacks; the value says so to the person."""

    SECOND_FACTOR = (
        "The operator portal needs a second factor, and the sign-in service did not ask for yours. "
        "Set one up there, then sign in again."
    )
    TOO_OLD = "The sign-in service did not ask you to sign in again. Sign out there, then try once more."
    SIGNED_OUT_EVERYWHERE = (
        "You were signed out everywhere, and the sign-in service did not ask you to sign in again since. "
        "Wait a moment, then try once more."
    )
