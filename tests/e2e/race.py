"""Eight tabs of one browser that all ask at the same instant, over an access token that has just run out."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page

from tests.e2e.stack import Stack
from tests.e2e.watch import Watched
from tests.e2e.web_server import WebServer

TABS = 8
_PERSON = "owner@acme.test"
_PEOPLE = "/admin/acme/people/"
_HEAD_START_MS = 200
_BROWSERS = 6
_TICK_SECONDS = 0.01  # of the kernel's clock: a process with less has not worked

# Each tab gets its orders first, and holds them until the moment that all have in common.
_ARM = """({at, orders}) => {
    const csrf = document.querySelector('meta[name="csrf-token"]').content;
    const ask = async ({method, path, role, htmx}) => {
        const headers = htmx ? {'HX-Request': 'true'} : {};
        if (method === 'POST') headers['X-CSRFToken'] = csrf;
        const body = role ? new URLSearchParams({role}) : undefined;
        const answer = await fetch(path, {method, headers, body, redirect: 'manual', cache: 'no-store'});
        await answer.text();
        return {status: answer.status, request_id: answer.headers.get('X-Request-Id')};
    };
    const moment = new Promise(go => setTimeout(go, at - Date.now()));
    self.race = moment.then(async () => {
        const began = Date.now();
        return {began, answers: await Promise.all(orders.map(ask))};
    });
}"""
_FILL = "() => { self.filled = Promise.all([1, 2].map(() => fetch('/me/', {cache: 'no-store'}))); }"
_EXPIRE = """UPDATE accounts_oidcsession SET access_expires_at = now() - interval '1 minute',
    renewal_failed_at = NULL WHERE ended_at IS NULL"""
_EVENTS = """SELECT a.request_id FROM tenants_auditevent a JOIN tenants_tenant t ON t.id = a.tenant_id
    WHERE t.slug = 'acme' AND a.action = 'people:role:change' AND a.at >= %s"""

# Whose roles are changed: what they have, and what they are to get.
_CHANGED = {"colleague1@acme.test": ("member", "admin"), "colleague5@acme.test": ("admin", "member")}
_BEGIN_AS = """UPDATE tenants_membership m SET role = %s FROM accounts_user u, tenants_tenant t
    WHERE u.id = m.user_id AND t.id = m.tenant_id AND t.slug = 'acme' AND u.email = %s RETURNING m.id::text"""
_FORGET = """CREATE FUNCTION dezky_test_forget() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN NEW.role := OLD.role; RETURN NEW; END';
    CREATE TRIGGER dezky_test_forget BEFORE UPDATE OF role ON tenants_membership
        FOR EACH ROW EXECUTE FUNCTION dezky_test_forget()"""
_REMEMBER = """DROP TRIGGER IF EXISTS dezky_test_forget ON tenants_membership;
    DROP FUNCTION IF EXISTS dezky_test_forget"""


@dataclass(frozen=True)
class Order:
    """One request of a tab, and the status that it has to be answered with."""

    method: str
    path: str
    status: int
    role: str = ""
    htmx: bool = False


@dataclass(frozen=True)
class Round:
    """What came of one round: the answers that were wrong, and what happened behind them."""

    wrong: tuple[str, ...]
    renewals: int
    signed_out: int
    lost_writes: int
    doubled_writes: int

    @property
    def is_right(self) -> bool:
        """Tell whether it was renewed once, nobody was signed out, and each write was done once."""
        return self == Round((), renewals=1, signed_out=0, lost_writes=0, doubled_writes=0)

    @property
    def counts(self) -> dict[str, int]:
        """Return everything as numbers."""
        return asdict(self) | {"wrong": len(self.wrong)}


@dataclass
class Race:
    """The tabs before a web server, which may be another one than the stack's own; `members` get new roles."""

    stack: Stack
    server: WebServer
    pages: list[Page]
    members: dict[str, str]
    rounds: list[Round] = field(default_factory=list)
    spreads_ms: list[int] = field(default_factory=list)
    rounds_by_process: Counter[int] = field(default_factory=Counter)

    def run(self, number: int) -> Round:
        """Let the access token run out, let all tabs ask at the same instant, and look what came of it."""
        plans = self._orders(number)
        living, renewed = self._living(), renewals(self.stack)
        started_at = self.stack.value("SELECT clock_timestamp()")
        assert self.stack.change(_EXPIRE) >= 1
        worked = self.server.cpu_seconds()
        answers = self._ask(plans)
        for pid, seconds in self.server.cpu_seconds().items():
            self.rounds_by_process[pid] += seconds - worked[pid] > _TICK_SECONDS / 2
        wrong, written = _judge(plans, answers)
        with self.stack.database() as connection:
            events = Counter(row[0] for row in connection.execute(_EVENTS, [started_at]).fetchall())
        seen = Round(
            wrong,
            renewals=renewals(self.stack) - renewed,
            signed_out=max(len(living - self._living()), int(not self._is_in())),
            lost_writes=len(written - events.keys()),
            doubled_writes=events.total() - len(events.keys() & written),
        )
        self.rounds.append(seen)
        return seen

    def summary(self) -> str:
        """Return all rounds in one line."""
        total: Counter[str] = Counter()
        for seen in self.rounds:
            total.update(seen.counts)
        served = " and ".join(f"process {pid} in {count}" for pid, count in sorted(self.rounds_by_process.items()))
        return (
            f"{len(self.rounds)} rounds of {TABS} tabs: {total['renewals']} renewals, {total['signed_out']} sign-outs, "
            f"{total['doubled_writes']} doubled and {total['lost_writes']} lost writes, "
            f"{total['wrong']} wrong answers; served by {served}; "
            f"the tabs of a round began within {statistics.median(self.spreads_ms):.0f} ms (median)"
        )

    def _orders(self, number: int) -> list[list[Order]]:
        """Return what each tab asks in a round; every tab gets to do everything in turn."""
        renew = Order("POST", "/session/refresh/?client=portal", 204)
        first, second = (
            Order("POST", f"{_PEOPLE}{member}/role/", 204, role, htmx=True) for member, role in self.members.items()
        )
        plans = [
            [first, Order("GET", _PEOPLE, 200, htmx=True)],
            [renew],
            [Order("GET", "/", 200), Order("GET", "/me/", 200)],
            [second],
            [Order("GET", "/admin/acme/", 200), renew],
            [Order("GET", _PEOPLE, 200, htmx=True)],
            [Order("GET", "/api/v1/tenants/acme/users", 200)],
            [renew, Order("GET", "/admin/acme/audit/", 200, htmx=True)],
        ]
        shift = number % TABS
        return plans[shift:] + plans[:shift]

    def _ask(self, plans: list[list[Order]]) -> list[list[dict[str, Any]]]:
        at = self.pages[0].evaluate("Date.now()") + _HEAD_START_MS
        for page, orders in zip(self.pages, plans, strict=True):
            page.evaluate(_ARM, {"at": at, "orders": [asdict(order) for order in orders]})
        tabs = [page.evaluate("self.race") for page in self.pages]
        began = [tab["began"] for tab in tabs]
        self.spreads_ms.append(max(began) - min(began))
        return [tab["answers"] for tab in tabs]

    def _is_in(self) -> bool:
        """Tell whether the browser is still let in: a session can also be lost while its row lives."""
        probe = "fetch('/me/', {redirect: 'manual', cache: 'no-store'}).then(answer => answer.status)"
        return bool(self.pages[0].evaluate(probe) == 200)

    def _living(self) -> set[Any]:
        with self.stack.database() as connection:
            query = "SELECT id FROM accounts_oidcsession WHERE ended_at IS NULL"
            return {row[0] for row in connection.execute(query).fetchall()}


def renewals(stack: Stack) -> int:
    """Return how many renewals the provider has been asked for."""
    return int(stack.control("counts")["counts"].get("token:refresh_token", 0))


def _judge(plans: list[list[Order]], answers: list[list[dict[str, Any]]]) -> tuple[tuple[str, ...], set[str]]:
    """Return the answers that are not as ordered, and the request ids of the writes that were acknowledged."""
    wrong, written = [], set()
    for orders, answered in zip(plans, answers, strict=True):
        for order, answer in zip(orders, answered, strict=True):
            if answer["status"] != order.status:
                wrong.append(f"{order.method} {order.path}: {answer['status']}")
            elif order.role:
                written.add(answer["request_id"])
    return tuple(wrong), written


@contextmanager
def forgetful_roles(stack: Stack) -> Iterator[dict[str, str]]:
    """Give two members and the role that each is to get; PostgreSQL puts back what they had at once.

    A second change to the same role would be none, and leave no event: like this it shows.
    """
    stack.change(_REMEMBER)
    members = {str(stack.value(_BEGIN_AS, before, email)): after for email, (before, after) in _CHANGED.items()}
    stack.change(_FORGET)
    try:
        yield members
    finally:
        stack.change(_REMEMBER)


@contextmanager
def tabs(browser: Browser, stack: Stack, server: WebServer) -> Iterator[list[Page]]:
    """Open the tabs of one person's browser before a web server, connected to both of its processes.

    A browser keeps six connections to a server, and which process takes one is the kernel's choice. Where
    all went to the same one, another browser tries its luck.
    """
    for _ in range(_BROWSERS):
        context = browser.new_context(locale="en-GB")
        try:
            pages = [context.new_page() for _ in range(TABS)]
            Watched(pages[0], stack).sign_in(_PERSON)
            for page in pages:
                page.goto(server.url + _PEOPLE)
            for page in pages:
                page.evaluate(_FILL)
            for page in pages:
                page.evaluate("self.filled.then(() => true)")
            if all(server.connections().values()):
                yield pages
                return
        finally:
            context.close()
    raise AssertionError(f"{_BROWSERS} browsers in turn had all their connections to one process")
