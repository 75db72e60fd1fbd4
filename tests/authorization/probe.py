"""The mechanics of the matrix: ask one URL as one persona, and say in one word what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import transaction
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import OIDCSession
from billing.models import BillingAccount, Quote
from operator_portal.guards import NOT_AUTHORISED
from tenants.models import AuditEvent, DelegatedAccess, Membership, Tenant
from tenants.scope import operator_scope
from tests.authorization.personas import PERSONAS, Persona
from tests.authorization.rows import PASSES, Outcome, Row, State
from tests.authorization.world import Signer, World, canary, sessions_of
from tests.fixtures.people import remember

_WRITES = ("people:member:add", "people:role:change", "people:member:remove")
_OF_ACCOUNTS = ("customer_id", "email", "payment_method_id", "seats", "is_cancelling")
_TIMES = ("created_at", "last_seen_at", "confirmed_at", "access_expires_at", "authenticated_at", "ended_at")
_A_WHILE = timedelta(minutes=1)
_BY_STATUS = {
    200: Outcome.OK,
    201: Outcome.OK,
    204: Outcome.RENEWED,
    400: Outcome.BAD_REQUEST,
    401: Outcome.NOT_RENEWED,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
}


class Transport(StrEnum):
    """How a request is sent: as a browser opens a page, as HTMX does, as a program does."""

    PAGE = "page"
    HTMX = "htmx"
    JSON = "json"

    @property
    def headers(self) -> dict[str, str]:
        """Return the request's headers."""
        match self:
            case Transport.PAGE:
                return {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
            case Transport.HTMX:
                return {"Accept": "text/html, */*", "HX-Request": "true"}
            case Transport.JSON:
                return {"Accept": "application/json"}


@dataclass
class Matrix:
    """The world with a browser or token for each persona, as old as at `as_of`."""

    world: World
    signer: Signer
    cookies: dict[str, dict[str, str]]
    tokens: dict[str, str]
    as_of: datetime

    def stand_still(self) -> None:
        """Let no session and no token grow old: a slow machine meets the same personas to the end."""
        passed = timezone.now() - self.as_of
        if passed < _A_WHILE:
            return
        self.age(-passed)
        self.tokens = _tokens(self.world, self.signer)

    def age(self, by: timedelta) -> None:
        """Let every session be older, or younger."""
        OIDCSession.objects.update(**{name: F(name) - by for name in _TIMES})
        self.as_of -= by

    def browser(self, persona: Persona, *, checks_csrf: bool = False) -> Client:
        """Return a fresh browser of a persona."""
        browser = Client(raise_request_exception=False, enforce_csrf_checks=checks_csrf)
        for name, value in self.cookies[persona.name].items():
            browser.cookies[name] = value
        if persona.name in self.tokens:
            browser.defaults["HTTP_AUTHORIZATION"] = f"Bearer {self.tokens[persona.name]}"
        return browser

    def path(self, row: Row) -> str:
        """Return the row's path in this world."""
        named = {name: self.world.objects.get(value, value) for name, value in row.args.items()}
        return path_of(row.url, {**named, **self._object(row)}, row.query)

    def _object(self, row: Row) -> dict[str, Any]:
        if row.state is State.NONE:
            return {}
        slug = "acme" if row.state is State.FOREIGN_CHILD else str(row.state)
        child = {State.FOREIGN_CHILD: "globex", State.UNKNOWN: "acme"}.get(row.state, slug)
        children = {
            **dict.fromkeys(("tenants:person-role", "tenants:person-remove"), ("membership_id", self.world.targets)),
            "api:invoice-pay": ("invoice_id", self.world.invoices),
            **dict.fromkeys(("api:quote-accept", "billing:quote"), ("quote_id", self.world.quotes)),
            "billing:pay": ("invoice_id", self.world.invoices),
        }
        name, found = children.get(row.url, ("", {}))
        return {"slug": slug, **({name: found[child]} if name else {})}

    def ask(
        self, row: Row, persona: Persona, transport: Transport, *, method: str = "", checks_csrf: bool = False
    ) -> Answer:
        """Send the row's request as a persona, and take back whatever it wrote."""
        browser = self.browser(persona, checks_csrf=checks_csrf)
        with transaction.atomic():
            method = method or row.method
            is_safe = method in ("GET", "HEAD", "OPTIONS")
            before = () if is_safe else _rows()
            send: Any = getattr(browser, method.lower())
            data: dict[str, Any] = {"data": row.data} if method == "POST" else {}
            if row.is_api and not is_safe:
                data = {"data": json.dumps(row.data), "content_type": "application/json"}
            response = send(self.path(row), headers={**transport.headers, **row.headers}, **data)
            wrote = not is_safe and _rows() != before
            transaction.set_rollback(True)
        return Answer(response=response, transport=transport, wrote=wrote)

    def mismatches(self, row: Row, transport: Transport, names: frozenset[str] | None = None) -> dict[str, str]:
        """Return what is not as the row says, by persona; nothing, if all is well."""
        found: dict[str, str] = {}
        for name, wanted in sorted(row.expected().items()):
            if names is None or name in names:
                problem = self._problem(row, PERSONAS[name], transport, wanted)
                if problem:
                    found[name] = problem
        return found

    def _problem(self, row: Row, persona: Persona, transport: Transport, wanted: Outcome) -> str:
        answer = self.ask(row, persona, transport)
        got = answer.outcome(row)
        if got != wanted:
            return f"{wanted} was due, got {got}"
        is_write = row.method not in ("GET", "OPTIONS") and bool(row.state)
        if answer.wrote != (is_write and wanted in PASSES):
            return "rows were changed" if answer.wrote else "nothing was written"
        return self._misplaced(row, persona, wanted, answer.canaries(self.world))

    def _misplaced(self, row: Row, persona: Persona, wanted: Outcome, seen: set[str]) -> str:
        """Z4: return which workspaces' data an answer shows though it must not, or fails to show."""
        target = {str(row.state)} & set(self.world.tenants)
        if wanted is not Outcome.OK:
            # A switcher or a message may name one's own workspaces, but not the one that was just refused;
            # to be asked to sign in again is no refusal, and leads back there.
            names_target = row.url.startswith("partner:") or wanted is Outcome.STEP_UP
            allowed = persona.knows - (set() if names_target else target)
            wrong = seen - (persona.knows | target if wanted in PASSES else allowed)
            return f"a refusal shows {sorted(wrong)}" if wrong else ""
        if row.lists and row.method == "GET":
            lists = {"customers": persona.customers, "all": frozenset(self.world.tenants), "own": persona.knows}
            return "" if seen == lists[row.lists] else f"lists {sorted(seen)}"
        due = target if row.shows else set()
        return "" if seen - persona.knows == due - persona.knows and due <= seen else f"shows {sorted(seen)}"


@dataclass(frozen=True)
class Answer:
    """What came back, and whether rows of workspaces were changed by the request."""

    response: Any
    transport: Transport
    wrote: bool

    @property
    def whole(self) -> str:
        """Return body and headers as text."""
        response: HttpResponse = self.response
        body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
        return body.decode() + "\n".join(f"{name}: {value}" for name, value in response.items())

    def canaries(self, world: World) -> set[str]:
        """Return the workspaces whose data stands in the answer."""
        text = self.whole
        return {slug for slug in world.tenants if canary(slug) in text}

    def outcome(self, row: Row) -> Outcome | str:
        """Return the answer in a word; what is none of them is told as it is."""
        status = self.response.status_code
        leads_to = self.response.headers.get("Location") or self.response.headers.get("HX-Redirect", "")
        if "insufficient_user_authentication" in self.response.headers.get("WWW-Authenticate", ""):
            return Outcome.STEP_UP if not leads_to else "a challenge that leads away"
        if status == 401 and "WWW-Authenticate" in self.response.headers:
            return self._only_for_programs(leads_to)
        if status == 503:
            return Outcome.UNAVAILABLE if int(self.response.headers["Retry-After"]) > 0 else "503 without end"
        if status == 403 and leads_to:
            return Outcome.NOT_AUTHORISED if (self.transport, leads_to) == (Transport.HTMX, NOT_AUTHORISED) else "?"
        if self.transport is Transport.HTMX and self._says_what_next(status):
            return Outcome.DONE
        if leads_to and status in (204, 302, 303):
            return self._redirect(row, leads_to)
        return _BY_STATUS.get(status, str(status))

    def _says_what_next(self, status: int) -> bool:
        """Return whether HTMX is told that it is done: by an event, a page to read again, or what comes next."""
        headers = self.response.headers
        is_told = status == 204 and ("HX-Trigger" in headers or "HX-Refresh" in headers)
        return is_told or (status == 200 and "HX-Retarget" in headers)

    def _only_for_programs(self, leads_to: str) -> Outcome | str:
        """S8: HTMX and programs are told 401 and never sent anywhere; a page is."""
        is_told = self.transport is not Transport.PAGE or self.response.headers["Content-Type"].startswith(
            ("application/problem+json", "application/json")
        )
        is_told = is_told or self.response.wsgi_request.path_info.startswith("/api/v1/")
        return Outcome.SIGN_IN if is_told and not leads_to else f"401 to {self.transport}"

    def _redirect(self, row: Row, leads_to: str) -> Outcome | str:
        if leads_to == NOT_AUTHORISED and self.transport is Transport.PAGE:
            return Outcome.NOT_AUTHORISED
        if leads_to == row.leads_to_away:
            return Outcome.DONE
        path = urlsplit(leads_to).path
        if path.startswith("/oidc/") and not row.leads_to.startswith("/oidc/"):
            client = "operator" if row.url.startswith("operator:") else "portal"
            asked = self.response.wsgi_request
            home = "/operator/" if client == "operator" else "/"
            back = asked.get_full_path() if asked.method == "GET" else home
            query = parse_qs(urlsplit(leads_to).query)
            is_right = path == f"/oidc/{client}/login/" and query["next"] == [back]
            if is_right and query.get("again") == ["1"]:
                return Outcome.STEP_UP if self.transport is Transport.PAGE else leads_to
            return Outcome.SIGN_IN if is_right and self.transport is Transport.PAGE else leads_to
        return Outcome.DONE if row.leads_to and leads_to.startswith(row.leads_to) else leads_to


def make_matrix(world: World, signer: Signer) -> Matrix:
    """Sign everybody in."""
    as_of = timezone.now()
    cookies: dict[str, dict[str, str]] = {}
    for persona in PERSONAS.values():
        jar = Client()
        for cookie_of, session in sessions_of(persona, world).items():
            remember(jar, session, in_cookie_of=cookie_of)
        cookies[persona.name] = {name: morsel.value for name, morsel in jar.cookies.items()}
    return Matrix(world=world, signer=signer, cookies=cookies, tokens=_tokens(world, signer), as_of=as_of)


def _tokens(world: World, signer: Signer) -> dict[str, str]:
    """Return a token for each persona that has one, as of now."""
    subs = {name: person.sub for name, person in world.people.items()}
    return {
        persona.name: signer.token(persona.token, sub=subs.get(persona.person, "nobody-knows"))
        for persona in PERSONAS.values()
        if persona.token
    }


def _rows() -> tuple[Any, ...]:
    """Return all that a request about workspaces could change."""
    with operator_scope():
        return (
            sorted(Membership.objects.values_list("pk", "tenant_id", "user_id", "role", "source")),
            sorted(Tenant.objects.values_list("pk", "status", "seats_used", "name")),
            sorted(DelegatedAccess.objects.values_list("pk", "permissions", "ended_at")),
            sorted(BillingAccount.objects.values_list("tenant_id", *_OF_ACCOUNTS)),
            Quote.objects.count(),
            AuditEvent.objects.filter(action__in=_WRITES).count(),
        )


def path_of(name: str, args: dict[str, Any], query: str = "") -> str:
    """Return the path of a URL name."""
    return reverse(name, kwargs=args) + (f"?{query}" if query else "")


def urls(resolver: URLResolver | None = None, namespaces: tuple[str, ...] = ()) -> Iterator[tuple[str, URLPattern]]:
    """Yield every URL of the site with its full name; the name ends in `?` where the URL has none."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from urls(entry, (*namespaces, *([entry.namespace] if entry.namespace else [])))
        else:
            yield ":".join([*namespaces, entry.name or "?"]), entry
