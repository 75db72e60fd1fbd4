"""One's own sessions: where one is signed in, and the ways to end that (S12)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import View

from accounts import endings, orders, sessions, signals
from accounts.clients import get_client
from accounts.enums import ClientName, EndReason, OrderSubject
from accounts.mixins import OnceMixin
from accounts.models import OIDCSession, User
from accounts.selectors import living_sessions
from accounts.sign_out import sign_out

_REASON = "Signed out everywhere by themselves"


class OwnSessionsView(View):
    """Lists where one is signed in, the newest use first."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the page."""
        here = {session.pk for session in _here(request)}
        found = living_sessions(_person(request))
        context = {"sessions": [(session, session.pk in here) for session in found], "others": len(found) - len(here)}
        return render(request, "accounts/sessions.html", context)


class EndOwnSessionView(OnceMixin, View):
    """Ends one of one's own other sessions; this browser's has the button that signs out."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """End it here, and take its tokens back.

        Raises:
            Http404: no living session of this person has that id.
        """
        person = _person(request)
        found = next((s for s in living_sessions(person) if s.pk == session_id), None)
        if found is None:
            raise Http404
        revocations = endings.close(OIDCSession.objects.filter(pk=found.pk), reason=EndReason.ENDED_ELSEWHERE)
        signals.signed_out.send(
            sender=User, user=person, session=found, request=request, reason=EndReason.ENDED_ELSEWHERE
        )
        endings.take_back(revocations, budget_seconds=endings.IN_A_REQUEST_SECONDS)
        messages.success(request, f"{found.device or 'The session'} is signed out.")
        return redirect("accounts:sessions")


class SignOutEverywhereView(View):
    """Ends all of one's sessions in every browser, this one too, and asks for a real sign-in next time."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """End everything, then send this browser to end the provider's session."""
        asked_at, person = timezone.now(), _person(request)
        here = _here(request)
        subject = orders.Subject(OrderSubject.PERSON, person.pk, person.label)
        order = orders.order_sign_out(people=[person], subject=subject, reason=_REASON, by=person, asked_at=asked_at)
        endings.witness(order)
        killed = OIDCSession.objects.cut_off().filter(user=person)
        owed = endings.close(killed, reason=EndReason.EVERYWHERE, order=order)  # the worker goes on where this stops
        return sign_out(request, get_client(ClientName.PORTAL), [*here], reason=EndReason.EVERYWHERE, owed=owed)


def _here(request: HttpRequest) -> list[OIDCSession]:
    """Return this browser's own sessions, of both clients."""
    mine = request.oidc  # type: ignore[attr-defined] # set by IdentityMiddleware
    other = sessions.other_session(request, ClientName.OPERATOR)
    return [session for session in (mine, other) if session is not None]


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
