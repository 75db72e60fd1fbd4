"""The second and the third layer: each asks itself whether it would stop somebody who must not pass.

Nothing here trusts a setting's name: the guards are called with made-up callers, one layer at a time, so that
one that is switched off is noticed although the other still holds. They run in the process that asks, whose
code and settings are those of every other process of the same release.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string
from django.views.generic import View
from rest_framework.exceptions import PermissionDenied

from accounts.api.permissions import AudiencePermission
from accounts.enums import Audience, Failure
from accounts.guards import Rule, rule_for
from operator_portal.api.views import OperatorPermission
from operator_portal.enums import Check
from operator_portal.gates.callers import Invented, api_request_of, demoted, invented_callers, request_of
from operator_portal.gates.findings import Finding, judge
from operator_portal.gates.routes import OperatorRoute, operator_api, operator_pages
from operator_portal.guards import NOT_AUTHORISED
from operator_portal.middleware import OperatorGuardMiddleware
from operator_portal.mixins import OperatorRequiredMixin

_IDENTITY = "accounts.middleware.identity.IdentityMiddleware"
_RULE = Rule(Audience.OPERATOR, Failure.OPEN)
_METHODS = ("GET", "POST")


def check_own() -> list[Finding]:
    """Return what is found of the second and the third layer."""
    with invented_callers() as callers:
        return [
            _listed(),
            _row(),
            _pages_before(callers),
            _api_before(callers),
            # Before the others: it unmakes the operator among the callers.
            *_inside(callers),
        ]


# --- The second layer -------------------------------------------------------------------------------


def _guards() -> list[str]:
    return [path for path in settings.MIDDLEWARE if issubclass_of(path, OperatorGuardMiddleware)]


def issubclass_of(path: str, wanted: type[Any]) -> bool:
    """Return whether a dotted path leads to `wanted` or a subclass of it."""
    found = import_string(path)
    return isinstance(found, type) and issubclass(found, wanted)


def _listed() -> Finding:
    paths = list(settings.MIDDLEWARE)
    guards = _guards()
    in_order = bool(guards) and _IDENTITY in paths and paths.index(_IDENTITY) < paths.index(guards[0])
    return judge(
        Check.MIDDLEWARE_LISTED,
        holds=in_order,
        good="Every request passes it, once it is known whose it is.",
        bad="The guard is asked before it is known who asks." if guards else "No request passes the guard.",
        expected="after IdentityMiddleware",
        actual="in the wrong order" if guards else "not in MIDDLEWARE",
    )


def _row() -> Finding:
    rule = rule_for(["operator"])
    return judge(
        Check.GUARD_TABLE,
        holds=rule == _RULE,
        good="The operator's pages are for operators.",
        bad="The row of the operator's pages is missing, or names somebody else.",
        expected=_describe(_RULE),
        actual=_describe(rule),
    )


def _describe(rule: Rule | None) -> str:
    return f"{rule.audience}, {rule.failure}" if rule else "no row"


def _pages_before(callers: list[Invented]) -> Finding:
    guards: list[OperatorGuardMiddleware] = [import_string(path)(_nothing) for path in _guards()]
    wrong = [
        f"{caller.words}: {route.name} by {method}"
        for caller in callers
        for route in operator_pages()
        for method in _METHODS
        if _passes(guards, request_of(caller, route.path, method)) != caller.may_enter
    ]
    return _of_routes(Check.MIDDLEWARE_PAGES, operator_pages(), wrong)


def _passes(guards: list[OperatorGuardMiddleware], request: HttpRequest) -> bool:
    return all(guard.process_view(request, _nothing, [], {}) is None for guard in guards)


def _nothing(_request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    return HttpResponse(status=204)


def _api_before(callers: list[Invented]) -> Finding:
    return _of_routes(Check.MIDDLEWARE_API, operator_api(), _api_passes(callers, AudiencePermission))


# --- The third layer --------------------------------------------------------------------------------


class _SelfTestView(OperatorRequiredMixin, View):
    """A page with nothing on it, behind the same guard as every other."""

    def get(self, _request: HttpRequest) -> HttpResponse:
        """Answer whoever got in."""
        return HttpResponse(status=204)


def _inside(callers: list[Invented]) -> list[Finding]:
    pages = _pages_inside(callers)
    api = _of_routes(Check.VIEW_API, operator_api(), _api_passes(callers, OperatorPermission))
    ask = _SelfTestView.as_view()
    wrong = [caller.words for caller in callers if _enters(ask, caller) != caller.may_enter]
    gone = demoted(callers[0])
    if _enters(ask, gone):
        wrong.append(gone.words)
    guard = judge(
        Check.VIEW_GUARD,
        holds=not wrong,
        good="It lets in operators by the database's word of this moment, and nobody else.",
        bad="It is wrong about somebody.",
        expected="operators and nobody else",
        actual=f"wrong about {', '.join(wrong)}" if wrong else "operators and nobody else",
    )
    return [guard, pages, api]


def _enters(view: Callable[..., Any], caller: Invented) -> bool:
    return bool(view(request_of(caller, "/operator/")).status_code == 204)  # noqa: PLR2004 - No Content


def _pages_inside(callers: list[Invented]) -> Finding:
    """Call every page itself, with nothing before it, as those who must not see it."""
    wrong = [
        f"{caller.words}: {route.name}"
        for caller in callers
        if not caller.may_enter
        for route in operator_pages()
        if not _turns_away(route, request_of(caller, route.path))
    ]
    return _of_routes(Check.VIEW_PAGES, operator_pages(), wrong)


def _turns_away(route: OperatorRoute, request: HttpRequest) -> bool:
    try:
        with transaction.atomic():
            response = route.pattern.callback(request, **route.arguments)
    except Exception:  # noqa: BLE001 - whatever goes wrong in a page, somebody was let into it
        return False
    return bool(response.status_code == 302 and response.headers["Location"] == NOT_AUTHORISED)  # noqa: PLR2004


def _api_passes(callers: list[Invented], layer: type[Any]) -> list[str]:
    """Return whom one layer's permission of an API is wrong about, or that an API lacks it."""
    wrong: list[str] = []
    for route in operator_api():
        view = route.pattern.callback.cls()  # type: ignore[attr-defined] # as DRF's as_view leaves it
        mine = [permission for permission in view.permission_classes if issubclass(permission, layer)]
        if not mine:
            wrong.append(f"{route.name} does not ask at all")
        for caller in callers:
            request = api_request_of(caller, route.path)
            if mine and all(_permits(permission, request, view) for permission in mine) != caller.may_enter:
                wrong.append(f"{caller.words}: {route.name}")
    return wrong


def _permits(permission: type[Any], request: Any, view: Any) -> bool:
    try:
        return bool(permission().has_permission(request, view))
    except PermissionDenied:
        return False


def _of_routes(check: Check, routes: list[OperatorRoute], wrong: list[str]) -> Finding:
    return judge(
        check,
        holds=bool(routes) and not wrong,
        good=f"All {len(routes)} were asked: operators pass, others are turned away.",
        bad="Somebody is let in or turned away who must not be." if routes else "There is nothing to ask.",
        expected="operators pass, others are turned away",
        actual=f"wrong about {'; '.join(wrong[:5])}" if wrong else f"{len(routes)} asked",
    )
