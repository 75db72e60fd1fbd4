"""Who asks: every persona of the authorization matrix, and the groups in which the rows name them.

A persona whose session is spent, or whose identity can't be confirmed, is a person with every role there
is: whoever that is, the state of the session decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Token:
    """A bearer: by default an access token of the portal's client with the API scope, of a sign-in a while ago."""

    client: str = "portal"
    scope: str | None = "openid dezky:api"
    is_forged: bool = False
    is_expired: bool = False
    is_fresh: bool = False


@dataclass(frozen=True)
class Persona:
    """One kind of caller: a person, their sessions, or their token.

    `knows` are the workspaces of theirs that can be entered, `customers` those they see as a firm's staff;
    `ages` moves a session's times back; `cookie_of` puts a session into the other client's cookie.
    """

    name: str
    person: str = ""
    sessions: tuple[str, ...] = ()
    knows: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    ages: dict[str, dict[str, timedelta]] = field(default_factory=dict)
    cookie_of: dict[str, str] = field(default_factory=dict)
    is_ended: bool = False
    token: Token | None = None


def _both(**times: timedelta) -> dict[str, Any]:
    return {"portal": times, "operator": times}


_BOTH = ("portal", "operator")
_EVERY_ROLE = "everything"
_ACME = frozenset({"acme"})
_FIRMS = frozenset({"acme", "thin", "umbrella", "hooli", "initech"})

_LIST = [
    Persona("anonymous"),
    # People of workspace acme, who are the same in initech, which is suspended.
    Persona("member", "member", ("portal",), _ACME),
    Persona("admin", "admin", ("portal",), _ACME),
    Persona("owner", "owner", ("portal",), _ACME),
    # The owner again, whose last sign-in at the provider is over ten minutes old.
    Persona("owner_stale", "owner", ("portal",), _ACME, ages={"portal": {"authenticated_at": timedelta(minutes=11)}}),
    # Somebody else's admin.
    Persona("admin_b", "admin_b", ("portal",), frozenset({"globex"})),
    # The firm that acme delegates to: its admin, an agent who is given acme, and one who is not.
    Persona("delegate", "delegate", ("portal",), customers=_FIRMS),
    Persona("assigned", "assigned", ("portal",), customers=frozenset({"acme", "thin", "initech"})),
    Persona("agent", "agent", ("portal",), customers=frozenset({"umbrella"})),
    # A plain member whose firm acme delegates to: the grant lets them in, the membership would not.
    Persona("consultant", "consultant", ("portal",), _ACME, customers=_FIRMS),
    # Another firm.
    Persona("rival", "rival", ("portal",)),
    Persona("operator", "operator", ("operator",)),
    # An operator whose last sign-in at the provider is over ten minutes old.
    Persona(
        "operator_stale", "operator", ("operator",), ages={"operator": {"authenticated_at": timedelta(minutes=11)}}
    ),
    Persona("operator_on_portal", "operator", ("portal",)),
    Persona("demoted", "nobody", ("operator",)),
    Persona("swapped", _EVERY_ROLE, _BOTH, cookie_of={"portal": "operator", "operator": "portal"}),
    Persona("support", "support", ("portal",)),
    Persona("nobody", "nobody", ("portal",)),
    Persona("inactive", "inactive", _BOTH),
    Persona(
        "expired_idle",
        _EVERY_ROLE,
        _BOTH,
        ages={"portal": {"last_seen_at": timedelta(hours=8)}, "operator": {"last_seen_at": timedelta(minutes=30)}},
    ),
    Persona(
        "expired_absolute",
        _EVERY_ROLE,
        _BOTH,
        ages={"portal": {"created_at": timedelta(days=7)}, "operator": {"created_at": timedelta(hours=8)}},
    ),
    # Signed out everywhere: the sessions' own rows don't know it yet.
    Persona("cut_off", "cut_off", _BOTH),
    Persona("bearer_cut_off", "cut_off", token=Token()),
    Persona("ended", _EVERY_ROLE, _BOTH, is_ended=True),
    # The access token has run out and the provider does not answer: inside the grace, and after it.
    Persona("grace", _EVERY_ROLE, _BOTH, _ACME, ages=_both(confirmed_at=timedelta(minutes=1))),
    Persona("lapsed", _EVERY_ROLE, _BOTH, _ACME, ages=_both(confirmed_at=timedelta(minutes=16))),
    Persona("bearer", "owner", knows=_ACME, token=Token()),
    Persona("bearer_fresh", "owner", knows=_ACME, token=Token(is_fresh=True)),
    Persona("bearer_member", "member", knows=_ACME, token=Token()),
    Persona("bearer_b", "admin_b", knows=frozenset({"globex"}), token=Token()),
    Persona("bearer_partner", "delegate", customers=_FIRMS, token=Token()),
    Persona("bearer_operator", "operator", token=Token(client="operator")),
    # The right person with the wrong client's token, and the right client's token of the wrong person.
    Persona("bearer_operator_by_portal", "operator", token=Token()),
    Persona("bearer_owner_by_operator", "owner", token=Token(client="operator")),
    Persona("bearer_unscoped", _EVERY_ROLE, token=Token(scope="openid profile")),
    Persona("bearer_id_token", _EVERY_ROLE, token=Token(scope=None)),
    Persona("bearer_forged", _EVERY_ROLE, token=Token(is_forged=True)),
    Persona("bearer_expired", _EVERY_ROLE, token=Token(is_expired=True)),
    Persona("bearer_inactive", "inactive", token=Token()),
    Persona("bearer_stranger", "stranger", token=Token()),
]
PERSONAS = {persona.name: persona for persona in _LIST}

# Groups, for rows. What a surface does not know at all is the same for each of them.
EVERYONE = frozenset(PERSONAS)
SPENT = frozenset({"swapped", "inactive", "expired_idle", "expired_absolute", "cut_off", "ended"})
BEARERS = frozenset(name for name, persona in PERSONAS.items() if persona.token)
BAD_BEARERS = frozenset(
    {
        "bearer_unscoped",
        "bearer_id_token",
        "bearer_forged",
        "bearer_expired",
        "bearer_inactive",
        "bearer_cut_off",
        "bearer_stranger",
    }
)
GOOD_BEARERS = BEARERS - BAD_BEARERS
UNCONFIRMED = frozenset({"grace", "lapsed"})
# Nobody, as the portal's pages see it: a bearer does not count there, nor does the operator's session.
NOT_IN_PORTAL = frozenset({"anonymous", "operator", "operator_stale", "demoted"}) | SPENT | BEARERS
IN_PORTAL = EVERYONE - NOT_IN_PORTAL - UNCONFIRMED
NOT_IN_PORTAL_API = NOT_IN_PORTAL - GOOD_BEARERS
