"""The guard of every surface: deny by default, from one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts import answers, signals
from accounts.enums import Audience, Verdict
from accounts.guards import Caller, Rule, decide, rule_for
from accounts.middleware.requests import GetResponse
from accounts.models import User

_SAFE = {"GET", "HEAD", "OPTIONS"}


def caller_of(request: HttpRequest) -> Caller:
    """Return what the guards know of a request's person, from its living session alone."""
    oidc = getattr(request, "oidc", None)
    if oidc is None:
        return Caller()
    return Caller(
        is_signed_in=True,
        client=oidc.oidc_client.name,
        is_platform_admin=oidc.user.is_platform_admin,
        is_staff=oidc.user.is_staff,
        confirmation=request.confirmation,  # type: ignore[attr-defined]
    )


class SurfaceGuardMiddleware:
    """Asks one audience's question; each surface's own app subclasses it.

    An exception inside a guard is no yes: it travels on and becomes an error page (Z3).
    """

    audiences: ClassVar[frozenset[Audience]]

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on; the work is done once the URL is resolved."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Callable[..., Any], _args: list[Any], _kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Let the request through, or answer it."""
        namespaces = request.resolver_match.namespaces if request.resolver_match else []
        rule = rule_for(namespaces)
        if not self.is_mine(rule):
            return None
        caller = self.caller(request)
        verdict = decide(rule, caller, is_safe=request.method in _SAFE)
        return None if verdict is Verdict.ALLOW else self.answer(request, verdict)

    def is_mine(self, rule: Rule | None) -> bool:
        """Return whether this guard answers for a row of the table."""
        return rule is not None and rule.audience in self.audiences

    def caller(self, request: HttpRequest) -> Caller:
        """Return what is known of the person; subclasses add what their audience asks."""
        return caller_of(request)

    def answer(self, request: HttpRequest, verdict: Verdict) -> HttpResponseBase:
        """Return the answer to a request that is not let through; a refusal is told to the audit."""
        if verdict is Verdict.SIGN_IN:
            return answers.sign_in(request)
        if verdict is Verdict.UNAVAILABLE:
            return answers.identity_unavailable(request)
        signals.refused.send(sender=User, user=request.user, request=request)
        return answers.forbidden(request)


class GuardMiddleware(SurfaceGuardMiddleware):
    """Guards what belongs to no single surface, and refuses what is not in the table."""

    audiences = frozenset({Audience.PUBLIC, Audience.SIGNED_IN, Audience.SUPPORT})

    def is_mine(self, rule: Rule | None) -> bool:
        """Answer also for a namespace without a row: by refusing it."""
        return rule is None or rule.audience in self.audiences
