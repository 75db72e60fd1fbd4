"""The authorization matrix: what each (URL name, method) gives to each persona, in each state of its object.

A row names every persona exactly once; `everybody_else` takes those that it does not name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tests.authorization.personas import (
    BAD_BEARERS,
    BEARERS,
    EVERYONE,
    IN_PORTAL,
    NOT_IN_PORTAL,
    NOT_IN_PORTAL_API,
    SPENT,
    UNCONFIRMED,
)


class Outcome(StrEnum):
    """What comes of a request; `DONE` is a redirect after work, or to where one belongs."""

    OK = "ok"
    DONE = "done"
    RENEWED = "renewed"
    SIGN_IN = "sign in"
    STEP_UP = "sign in again"
    NOT_RENEWED = "not renewed"
    BAD_REQUEST = "bad request"
    FORBIDDEN = "forbidden"
    NOT_AUTHORISED = "not authorised"
    NOT_FOUND = "not found"
    UNAVAILABLE = "unavailable"


PASSES = frozenset({Outcome.OK, Outcome.DONE, Outcome.RENEWED})


class State(StrEnum):
    """In which state the object of a row is, as workspace acme's people and its partner see it."""

    NONE = ""
    OWN = "acme"
    READ_ONLY = "thin"  # a customer that delegates people:read alone
    UNDELEGATED = "umbrella"  # a customer that delegates nothing
    LAPSED = "hooli"  # a customer whose grant has ended
    SUSPENDED = "initech"  # a customer with the same people and the same grant as acme
    FOREIGN = "globex"
    UNKNOWN = "nowhere"
    FOREIGN_CHILD = "acme with a person of globex"


@dataclass(frozen=True)
class Row:
    """One line of the matrix.

    `data` is what a write sends, with `headers`, `args` what the URL takes besides the slug, `leads_to` where DONE
    goes, `leads_to_away` where it goes for whoever had tokens that the provider has yet to hear of.
    `shows` says that OK shows the workspace's own data. `lists` says which workspaces an OK names:
    all, one's own, or one's firm's customers. `why_nobody` says why no
    persona passes.
    """

    url: str
    outcomes: dict[Outcome, frozenset[str]]
    method: str = "GET"
    state: State = State.NONE
    args: dict[str, str] = field(default_factory=dict)
    query: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    leads_to: str = ""
    leads_to_away: str = ""
    shows: bool = False
    lists: str = ""
    why_nobody: str = ""

    @property
    def id(self) -> str:
        """Return the row's name in reports."""
        words = [self.method, self.url, *self.args.values(), self.query, self.state and f"({self.state})"]
        return " ".join(word for word in words if word)

    @property
    def is_api(self) -> bool:
        """Return whether programs ask this."""
        return self.url.startswith("api:")

    def expected(self) -> dict[str, Outcome]:
        """Return the outcome for each persona."""
        return {name: outcome for outcome, names in self.outcomes.items() for name in names}


def split(everybody_else: Outcome, **named: frozenset[str] | str) -> dict[Outcome, frozenset[str]]:
    """Return outcomes by persona; keywords are outcomes' names, in lower case.

    Raises:
        ValueError: a persona stands in two places.
    """
    outcomes: dict[Outcome, frozenset[str]] = {}
    taken: set[str] = set()
    for word, given in named.items():
        names = frozenset(given.split()) if isinstance(given, str) else given
        if names - EVERYONE or names & taken:
            raise ValueError(f"{word}: {sorted(names - EVERYONE)} unknown, {sorted(names & taken)} named twice")
        taken |= names
        outcomes[Outcome[word.upper()]] = names
    outcomes[everybody_else] = outcomes.get(everybody_else, frozenset()) | (EVERYONE - taken)
    return outcomes


def for_all(outcome: Outcome) -> dict[Outcome, frozenset[str]]:
    """Return one outcome for everybody."""
    return {outcome: EVERYONE}


_O = Outcome
_REFUSED = {"sign_in": NOT_IN_PORTAL, "unavailable": UNCONFIRMED}
_API_REFUSED = {"sign_in": NOT_IN_PORTAL_API, "unavailable": UNCONFIRMED}
# A token of the operator's client opens nothing of the portal, whoever has it (A13).
_WRONG_CLIENT = frozenset({"bearer_operator", "bearer_owner_by_operator"})

# --- Workspaces ---------------------------------------------------------------------------------
_JUST_SIGNED_IN = "admin owner delegate assigned consultant"
_ADMINS = f"{_JUST_SIGNED_IN} owner_stale"
_BEARERS = "bearer bearer_partner"
_API_ADMINS = f"{_ADMINS} bearer_fresh {_BEARERS}"


def _workspace(
    state: State, passes: Outcome, *, needs: str, wants_fresh: bool = False
) -> dict[Outcome, frozenset[str]]:
    """Return what the pages of a workspace give; `needs` is what a grant has to hold.

    What charges somebody, or changes the card, wants a fresh sign-in (O6).
    """
    passing = passes.name.lower()
    match state:
        case State.OWN if wants_fresh:
            asked = {"step_up": "owner_stale", "forbidden": "member"}
            return split(_O.NOT_FOUND, **{passing: _JUST_SIGNED_IN}, **asked, **_REFUSED)
        case State.FOREIGN_CHILD if wants_fresh:
            return split(_O.NOT_FOUND, step_up="owner_stale", forbidden="member", **_REFUSED)
        case State.OWN:
            return split(_O.NOT_FOUND, **{passing: _ADMINS}, forbidden="member", **_REFUSED)
        case State.READ_ONLY if needs == "people:read":
            return split(_O.NOT_FOUND, **{passing: "delegate assigned consultant"}, **_REFUSED)
        case State.READ_ONLY:
            return split(_O.NOT_FOUND, forbidden="delegate assigned consultant", **_REFUSED)
        case State.FOREIGN:
            return split(_O.NOT_FOUND, **{passing: "admin_b"}, **_REFUSED)
        case State.FOREIGN_CHILD:
            return split(_O.NOT_FOUND, forbidden="member", **_REFUSED)
        case _:
            return split(_O.NOT_FOUND, **_REFUSED)


def _workspace_api(state: State, *, needs: str, wants_fresh: bool = False) -> dict[Outcome, frozenset[str]]:
    """Return what the API of a workspace gives; what charges somebody wants a token of a fresh sign-in."""
    members = frozenset({"member", "bearer_member"}) | _WRONG_CLIENT
    match state:
        case State.OWN if wants_fresh:
            fresh, stale = f"{_JUST_SIGNED_IN} bearer_fresh", f"owner_stale {_BEARERS}"
            return split(_O.NOT_FOUND, ok=fresh, step_up=stale, forbidden=members, **_API_REFUSED)
        case State.FOREIGN if wants_fresh:
            return split(_O.NOT_FOUND, ok="admin_b", step_up="bearer_b", forbidden=_WRONG_CLIENT, **_API_REFUSED)
        case State.FOREIGN_CHILD:
            return split(_O.NOT_FOUND, step_up=f"owner_stale {_BEARERS}", forbidden=members, **_API_REFUSED)
        case State.OWN:
            return split(_O.NOT_FOUND, ok=_API_ADMINS, forbidden=members, **_API_REFUSED)
        case State.READ_ONLY if needs == "people:read":
            passing = "delegate assigned consultant bearer_partner"
            return split(_O.NOT_FOUND, ok=passing, forbidden=_WRONG_CLIENT, **_API_REFUSED)
        case State.READ_ONLY:
            forbidden = frozenset({"delegate", "assigned", "consultant", "bearer_partner"}) | _WRONG_CLIENT
            return split(_O.NOT_FOUND, forbidden=forbidden, **_API_REFUSED)
        case State.FOREIGN:
            return split(_O.NOT_FOUND, ok="admin_b bearer_b", forbidden=_WRONG_CLIENT, **_API_REFUSED)
        case _:
            return split(_O.NOT_FOUND, forbidden=_WRONG_CLIENT, **_API_REFUSED)


_STATES: list[State] = [state for state in State if state not in (State.NONE, State.FOREIGN_CHILD)]
_NOBODY = "the object is closed to all: the same URL's other states have a persona that passes"
_CLOSED = {State.UNDELEGATED, State.LAPSED, State.SUSPENDED, State.UNKNOWN, State.FOREIGN_CHILD}


def _pages() -> list[Row]:
    read: list[tuple[str, str, list[State]]] = [
        ("dashboard:overview", "people:read", _STATES),
        ("tenants:people", "people:read", _STATES),
        ("tenants:audit", "audit:read", _STATES),
        ("tenants:person-role", "people:write", [*_STATES, State.FOREIGN_CHILD]),
        ("tenants:person-remove", "people:write", [*_STATES, State.FOREIGN_CHILD]),
        ("billing:subscription", "billing:read", _STATES),
        ("billing:payment-method", "billing:write", _STATES),
        ("billing:invoices", "billing:read", _STATES),
        ("billing:invoices-export", "billing:read", _STATES),
        ("billing:change", "billing:write", _STATES),
        ("billing:seats", "billing:write", _STATES),
        ("billing:cancel", "billing:write", _STATES),
        ("billing:resume", "billing:write", _STATES),
        ("billing:details", "billing:write", _STATES),
        ("billing:quote", "billing:write", [*_STATES, State.FOREIGN_CHILD]),
        ("billing:pay", "billing:write", [*_STATES, State.FOREIGN_CHILD]),
    ]
    rows = [
        Row(
            url,
            _workspace(state, _O.OK, needs=needs, wants_fresh=url == "billing:payment-method"),
            state=state,
            shows=True,
            why_nobody=_why(state, needs),
        )
        for url, needs, states in read
        for state in states
    ]
    writes: list[tuple[str, dict[str, str]]] = [
        ("tenants:person-role", {"role": "admin"}),
        ("tenants:person-remove", {}),
    ]
    for url, data in writes:
        rows += [
            Row(
                url,
                _workspace(state, _O.DONE, needs="people:write"),
                method="POST",
                state=state,
                data=data,
                leads_to=f"/admin/{state}/people/",
                why_nobody=_why(state, "people:write"),
            )
            for state in [*_STATES, State.FOREIGN_CHILD]
        ]
    return rows + _cards()


def _cards() -> list[Row]:
    """Return what scripts write: they are answered with JSON, and go nowhere."""
    writes: list[tuple[str, dict[str, str]]] = [
        ("billing:payment-method", {"payment_method": "pm_matrix"}),
        ("billing:setup-intent", {}),
    ]
    return [
        Row(
            url,
            _workspace(state, _O.OK, needs="billing:write", wants_fresh=True),
            method="POST",
            state=state,
            data=data,
            why_nobody=_why(state, "billing:write"),
        )
        for url, data in writes
        for state in _STATES
    ]


_CHARGING = ("billing:quote", "billing:cancel", "billing:pay")


def _billing_forms() -> list[Row]:
    """Return the forms of billing: what they change is a write of our own here, Stripe is left out."""
    details = {"company": "x", "country": "DK", "email": "new@example.test", "version": "1"}
    writes: list[tuple[str, dict[str, str], str]] = [
        ("billing:change", {"plan": "business", "interval": "month", "seats": "12"}, "quotes/"),
        ("billing:seats", {"people": "90"}, "quotes/"),
        ("billing:quote", {}, ""),
        ("billing:cancel", {}, ""),
        ("billing:resume", {}, ""),
        ("billing:details", details, ""),
        ("billing:pay", {}, ""),
    ]
    return [
        Row(
            url,
            _workspace(state, _O.DONE, needs="billing:write", wants_fresh=url in _CHARGING),
            method="POST",
            state=state,
            data=data,
            leads_to=f"/admin/{state}/subscription/{page}",
            why_nobody=_why(state, "billing:write"),
        )
        for url, data, page in writes
        for state in [*_STATES, *([State.FOREIGN_CHILD] if url in ("billing:quote", "billing:pay") else [])]
    ]


def _api() -> list[Row]:
    urls = [
        ("api:tenant", "people:read"),
        ("api:users", "people:read"),
        ("api:audit", "audit:read"),
        ("api:invoices", "billing:read"),
        ("api:billing-info", "billing:read"),
        ("api:subscription", "billing:read"),
        ("api:payment-method", "billing:read"),
    ]
    return [
        Row(
            url,
            _workspace_api(state, needs=needs),
            method=method,
            state=state,
            shows=method == "GET" and url not in ("api:subscription", "api:payment-method"),  # no names in those
            why_nobody=_why(state, needs),
        )
        for url, needs in urls
        for state in _STATES
        for method in ("GET", "OPTIONS")
    ]


# (URL, method, what it sends, whether it wants a fresh sign-in)
_BILLING_WRITES: list[tuple[str, str, dict[str, Any], bool]] = [
    ("api:billing-info", "PATCH", {"email": "new@example.test"}, False),
    ("api:payment-method", "PUT", {"payment_method": "pm_matrix"}, True),
    ("api:setup-intent", "POST", {}, True),
    ("api:quotes", "POST", {"plan": "business", "interval": "month", "seats": 12}, False),
    ("api:quote-accept", "POST", {}, True),
    ("api:subscription-cancel", "POST", {}, True),
    ("api:subscription-resume", "POST", {}, False),
    ("api:invoice-pay", "POST", {}, True),
]
_OF_A_CHILD = ("api:quote-accept", "api:invoice-pay")


def _billing_api() -> list[Row]:
    rows = [
        Row(
            url,
            _workspace_api(state, needs="billing:write", wants_fresh=wants_fresh),
            method=method,
            state=state,
            data=data,
            headers={"If-Match": '"1"'} if method == "PATCH" else {},
            shows=url in ("api:billing-info", "api:invoice-pay"),
            why_nobody=_why(state, "billing:write"),
        )
        for url, method, data, wants_fresh in _BILLING_WRITES
        for state in [*_STATES, *([State.FOREIGN_CHILD] if url in _OF_A_CHILD else [])]
    ]
    asked = [url for url, method, _data, _wants_fresh in _BILLING_WRITES if method == "POST"]
    return rows + [
        Row(
            url,
            _workspace_api(state, needs="billing:write"),
            method="OPTIONS",
            state=state,
            why_nobody=_why(state, "billing:write"),
        )
        for url in asked
        for state in _STATES
    ]


def _why(state: State, needs: str) -> str:
    return _NOBODY if state in _CLOSED or (state is State.READ_ONLY and needs != "people:read") else ""


# --- The partner portal: a firm sees all of its customers, with or without a grant ----------------
_FIRM = "delegate assigned agent consultant"


def _partner() -> list[Row]:
    def customer(state: State, seen_by: str) -> Row:
        firm_blind = frozenset({*_FIRM.split(), "rival"}) - frozenset(seen_by.split())
        return Row(
            "partner:customer",
            split(_O.FORBIDDEN, ok=seen_by, not_found=firm_blind, **_REFUSED),
            state=state,
            shows=True,
            why_nobody="" if seen_by else _NOBODY,
        )

    allowed = split(_O.FORBIDDEN, ok=f"{_FIRM} rival", **_REFUSED)
    api_allowed = split(_O.FORBIDDEN, ok=f"{_FIRM} rival bearer_partner", **_API_REFUSED)
    return [
        Row("partner:customers", allowed, lists="customers"),
        customer(State.OWN, "delegate assigned consultant"),
        customer(State.READ_ONLY, "delegate assigned consultant"),
        customer(State.UNDELEGATED, "delegate agent consultant"),
        customer(State.LAPSED, "delegate consultant"),
        customer(State.SUSPENDED, "delegate assigned consultant"),
        customer(State.FOREIGN, ""),
        customer(State.UNKNOWN, ""),
        Row("api:partner-customers", api_allowed, lists="customers"),
        Row("api:partner-customers", api_allowed, method="OPTIONS"),
    ]


# --- The operator portal --------------------------------------------------------------------------
# Whoever the portal alone knows and is no operator gets a definite no; an operator signs in first.
_SIGN_IN_FIRST = frozenset({"anonymous", "operator_on_portal"}) | SPENT
_NO_OPERATOR: dict[str, Any] = {"unavailable": "lapsed", "sign_in": _SIGN_IN_FIRST | BEARERS}
_OPERATOR = split(_O.NOT_AUTHORISED, ok="operator operator_stale grace", **_NO_OPERATOR)
_OPERATOR_API = split(
    _O.FORBIDDEN,
    ok="operator operator_stale grace bearer_operator",
    unavailable="lapsed",
    sign_in=_SIGN_IN_FIRST | BAD_BEARERS,
)
# What can't be undone: an older sign-in has to be repeated (O6), and nothing is done unconfirmed.
_STEP_UP = split(_O.NOT_AUTHORISED, ok="operator grace", step_up="operator_stale", **_NO_OPERATOR)
_STEP_UP_WRITE = split(
    _O.NOT_AUTHORISED,
    done="operator",
    step_up="operator_stale",
    unavailable=UNCONFIRMED,
    sign_in=_SIGN_IN_FIRST | BEARERS,
)
_OPERATOR_WRITE = split(
    _O.NOT_AUTHORISED,
    done="operator operator_stale",
    unavailable=UNCONFIRMED,
    sign_in=_SIGN_IN_FIRST | BEARERS,
)
_NO_SUCH_TENANT = split(_O.NOT_AUTHORISED, not_found="operator operator_stale grace", **_NO_OPERATOR)


_PERSON = {"person_id": "@person"}


def _sign_out(client: str) -> dict[str, Any]:
    return {"leads_to": "https://idp.test/sign-out/", "leads_to_away": f"/oidc/{client}/signed-out/?away=1"}


_ORDER: dict[str, Any] = {"data": {"reason": "a lost laptop"}, "leads_to": "/operator/sign-outs/"}


def _operator() -> list[Row]:
    return [
        Row("operator:overview", _OPERATOR),
        Row("operator:tenants", _OPERATOR, lists="all"),
        Row("operator:tenant", _OPERATOR, state=State.OWN, shows=True),
        Row("operator:tenant", _OPERATOR, state=State.SUSPENDED, shows=True),
        Row("operator:tenant", _NO_SUCH_TENANT, state=State.UNKNOWN, why_nobody=_NOBODY),
        Row("operator:people", _OPERATOR, lists="all"),
        Row("operator:person", _OPERATOR, args=_PERSON),
        Row("operator:sign-outs", _OPERATOR),
        Row("operator:sign-out", _OPERATOR, args={"order_id": "@order"}),
        Row("operator:person-sign-out", _STEP_UP, args=_PERSON),
        Row("operator:person-sign-out", _STEP_UP_WRITE, args=_PERSON, method="POST", **_ORDER),
        Row("operator:tenant-sign-out", _STEP_UP, state=State.OWN, shows=True),
        Row("operator:tenant-sign-out", _STEP_UP_WRITE, args={"slug": "acme"}, method="POST", **_ORDER),
        Row("operator:gates", _OPERATOR),
        Row("operator:gates-check", _OPERATOR_WRITE, method="POST", leads_to="/operator/gates/"),
        Row("api:operator-tenants", _OPERATOR_API, lists="all"),
        Row("api:operator-tenants", _OPERATOR_API, method="OPTIONS"),
        Row("operator:plans", _OPERATOR),
        Row("operator:plans-read", _OPERATOR_WRITE, method="POST", leads_to="/operator/plans/"),
        Row("operator:webhooks", _OPERATOR),
        Row(
            "operator:webhook-replay",
            _OPERATOR_WRITE,
            method="POST",
            args={"event_id": "evt_matrix"},
            leads_to="/operator/webhooks/",
        ),
        Row("operator:billing", _OPERATOR, lists="all"),
        Row(
            "operator:tenant-compare",
            _OPERATOR_WRITE,
            method="POST",
            args={"slug": "acme"},
            leads_to="/operator/tenants/acme/",
        ),
        Row("api:operator-webhooks", _OPERATOR_API),
        Row("api:operator-webhooks", _OPERATOR_API, method="OPTIONS"),
        Row("api:operator-gates", _OPERATOR_API),
        Row("api:operator-gates", _OPERATOR_API, method="OPTIONS"),
        # A refusal by itself: it has nothing to show, and signs out whoever comes.
        Row("operator-exit:not-authorised", for_all(_O.FORBIDDEN), why_nobody="it is the page that says no"),
        Row("operator-exit:not-authorised", for_all(_O.DONE), method="POST", leads_to="https://idp.test/sign-out/"),
    ]


# --- The launcher, and oneself --------------------------------------------------------------------
_SIGNED_IN = split(_O.OK, sign_in=NOT_IN_PORTAL, unavailable="lapsed")
_ANY_API = split(_O.OK, sign_in=NOT_IN_PORTAL_API, unavailable="lapsed")
_PORTAL_API = split(_O.OK, sign_in=NOT_IN_PORTAL_API, unavailable="lapsed", forbidden=_WRONG_CLIENT)


def _own() -> list[Row]:
    index = split(_O.FORBIDDEN, done="admin owner owner_stale admin_b", **_REFUSED)
    return [
        Row("launcher:home", _SIGNED_IN, lists="own"),
        Row("accounts:profile", _SIGNED_IN, lists="own"),
        Row("accounts:sessions", _SIGNED_IN),
        Row(
            "accounts:sign-out-everywhere",
            split(_O.DONE, sign_in=NOT_IN_PORTAL, unavailable=UNCONFIRMED),
            method="POST",
            **_sign_out("portal"),
        ),
        Row(
            "accounts:session-end",
            split(_O.NOT_FOUND, done="owner owner_stale", sign_in=NOT_IN_PORTAL, unavailable=UNCONFIRMED),
            method="POST",
            args={"session_id": "@owners-session"},
            leads_to="/me/sessions/",
        ),
        Row("dashboard:index", index, leads_to="/admin/"),
        Row("api:me", _ANY_API),
        Row("api:me", _ANY_API, method="OPTIONS"),
        Row("api:tenants", _PORTAL_API, lists="own"),
        Row("api:tenants", _PORTAL_API, method="OPTIONS"),
    ]


# --- Signing in and out, and what is for all ------------------------------------------------------
def _sessions() -> list[Row]:
    has_portal = IN_PORTAL
    has_operator = frozenset({"operator", "operator_stale", "demoted"})
    rows = []
    for client, holders in (("portal", has_portal), ("operator", has_operator)):
        args = {"client": client}
        callback = "without a state of this browser there is no sign-in to finish; tests/accounts shows the passing"
        back_channel = "only the provider's signed token passes; tests/accounts/test_back_channel.py shows it"
        rows += [
            Row("oidc:login", for_all(_O.DONE), args=args, leads_to="https://idp.test/authorize/"),
            Row("oidc:callback", for_all(_O.BAD_REQUEST), args=args, why_nobody=callback),
            Row("oidc:logout", for_all(_O.DONE), args=args, method="POST", **_sign_out(client)),
            Row("oidc:signed-out", for_all(_O.OK), args=args),
            Row("oidc:back-channel", for_all(_O.BAD_REQUEST), args=args, method="POST", why_nobody=back_channel),
            Row(
                "session:refresh",
                split(_O.NOT_RENEWED, renewed=holders, unavailable=UNCONFIRMED),
                method="POST",
                query=f"client={client}",
            ),
        ]
    return [*rows, Row("session:done", for_all(_O.OK))]


def _public() -> list[Row]:
    unknown = "it answers for paths that don't exist"
    return [
        Row("api:unknown", for_all(_O.NOT_FOUND), args={"path": "no/such/thing"}, method=method, why_nobody=unknown)
        for method in ("GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
    ] + [
        Row("api-docs:schema", for_all(_O.OK)),
        Row("api-docs:docs", for_all(_O.OK)),
        Row("stripe:webhook", for_all(_O.BAD_REQUEST), method="POST", why_nobody="nobody here signs as Stripe does"),
        Row("health:live", for_all(_O.OK)),
        Row("health:ready", for_all(_O.OK)),
    ]


ROWS = [
    *_pages(),
    *_billing_forms(),
    *_api(),
    *_billing_api(),
    *_partner(),
    *_operator(),
    *_own(),
    *_sessions(),
    *_public(),
]
