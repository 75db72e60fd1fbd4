"""Signing in: to the provider and back, once for each client."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import UpdateError
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.generic import View
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from accounts import answers, authentik, endings, http, sessions, signals, visitors
from accounts.authentik import Tokens
from accounts.clients import get_client
from accounts.enums import Shortfall
from accounts.freshness import Demand, authenticated_at, shortfall
from accounts.models import User
from accounts.redirects import safe_next
from accounts.verification import TokenRejected, is_name

logger = logging.getLogger(__name__)

STATE_MAX_AGE_SECONDS = 600
_LIBRARY_SETTINGS: dict[str, Any] = {
    "OIDC_RP_SCOPES": settings.OIDC_SCOPES,
    "OIDC_USE_PKCE": True,
    "OIDC_MAX_STATES": settings.OIDC_MAX_STATES,
    # The library reverses a name without arguments; `get_extra_params` puts the client's own URI in its place.
    "OIDC_AUTHENTICATION_CALLBACK_URL": "launcher:home",
}


class SignInView(OIDCAuthenticationRequestView):
    """Sends the browser to the provider, with state, nonce and PKCE (A2, A3)."""

    def __init__(self, **kwargs: Any) -> None:
        View.__init__(self, **kwargs)

    def get_settings(self, attr: str, *args: Any) -> Any:
        """Return a setting of the library; ours first."""
        return _LIBRARY_SETTINGS.get(attr, args[0] if args else None)

    def get(self, request: HttpRequest, client: str) -> HttpResponseBase:
        """Redirect to the provider, and remember with the state where to go afterwards."""
        self.client = get_client(client)
        self.OIDC_RP_CLIENT_ID = self.client.client_id
        try:
            with http.together():
                self.OIDC_OP_AUTH_ENDPOINT = authentik.discover(self.client).authorization
                authentik.look_whether_it_answers(self.client)
        except authentik.ProviderUnavailable:
            return answers.unavailable(
                request,
                "The sign-in service can't be reached right now. Try again in a moment.",
                retry_after_seconds=10,
            )
        response = super().get(request)
        request.session.pop("oidc_login_next", None)
        state = parse_qs(urlsplit(response["Location"]).query)["state"][0]
        states = request.session["oidc_states"]
        states[state]["next"] = safe_next(request.GET.get("next"), self.client)
        states[state]["again"] = self._is_again(request)
        request.session["oidc_states"] = states
        return response

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        """Return the registered callback (A12), and a fresh sign-in where somebody else is wanted."""
        extra = {"redirect_uri": self.client.redirect_uri}
        if request.GET.get("fresh") == "1":
            extra["prompt"] = "login"
        if self._is_again(request):
            # authentik ignores 0, and obeys `prompt=login` once a session only.
            extra["max_age"] = "1"
        return extra

    def _is_again(self, request: HttpRequest) -> bool:
        """Return whether a sign-in of this moment is wanted, and not one that the provider remembers."""
        return request.GET.get("again") == "1"


class CallbackView(OIDCAuthenticationCallbackView):
    """Takes the browser back from the provider; every failure is a page that says what to do."""

    def get(self, request: HttpRequest, client: str) -> HttpResponseBase:
        """Check state and its age, redeem the code, verify everything, begin the session."""
        self.client = get_client(client)
        known = self._take_state(request)
        if known is None:
            return self._failed(request, 400, "This sign-in was already used, is too old, or began in another browser.")
        self.next = known.get("next", self.client.home)
        self.demand = Demand(again=bool(known.get("again")), asked_at_seconds=known.get("added_on", 0))
        if request.GET.get("error"):
            logger.info("the provider sent an error to the callback: %s", request.GET["error"][:80])
            return self._failed(request, 403, "The sign-in service didn't sign you in.")
        try:
            with http.together():
                return super().get(request)
        except (SuspiciousOperation, UpdateError):  # the latter: another tab's sign-in has changed the session's key
            return self._failed(request, 400, "This sign-in was already used.")
        except authentik.ProviderUnavailable:
            response = self._failed(request, 503, "The sign-in service stopped answering. Nothing was lost.")
            response["Retry-After"] = "10"
            return response
        except authentik.ProviderRefused as error:
            logger.info("the provider refused the code: %s", error)
            return self._failed(request, 400, "This sign-in is too old. Start again.")
        except TokenRejected as error:
            logger.warning("sign-in refused: %s", error)
            return self._failed(request, 403, "The sign-in service's answer could not be trusted.")

    def login_success(self) -> HttpResponse:
        """Begin the session under a new key and go where the person wanted to go, if the sign-in will do."""
        tokens, claims = self.request.oidc_grant
        lacks = shortfall(client=self.client, user=self.user, claims=claims, demand=self.demand)
        if lacks is not None:
            return self._not_enough(tokens, lacks)
        sid = claims.get("sid")
        origin = sessions.Origin(
            sid=sid if is_name(sid) else "",
            asked_at=datetime.fromtimestamp(self.demand.asked_at_seconds, UTC),
            authenticated_at=authenticated_at(claims),
            device=visitors.device_of(self.request),
            ip=visitors.address_of(self.request),
        )
        store = self.request.session
        try:
            session = sessions.begin(store, user=self.user, client=self.client, tokens=tokens, origin=origin)
        except sessions.SignedOutMeanwhile:
            return self._not_enough(tokens, Shortfall.SIGNED_OUT_EVERYWHERE)
        auth.login(self.request, self.user)  # after `begin`: it forgets whoever was here before
        sessions.enter(store, session)
        signals.signed_in.send(sender=User, user=self.user, session=session, request=self.request)
        return HttpResponseRedirect(self.next)

    def _not_enough(self, tokens: Tokens, lacks: Shortfall) -> HttpResponse:
        """Send the person to sign in once more, then say what is lacking; the tokens are given back."""
        endings.give_back(self.user, self.client, tokens)
        if not self.demand.again:
            query = urlencode({"again": 1, "next": self.next})
            return HttpResponseRedirect(f"/oidc/{self.client.name}/login/?{query}")
        logger.warning("sign-in refused: %s", lacks.name)
        return self._failed(self.request, 403, lacks.value)

    def login_failure(self) -> HttpResponse:
        """Say that this person may not sign in, and give the tokens back."""
        if hasattr(self.request, "oidc_grant"):
            endings.give_back(self.user, self.client, self.request.oidc_grant[0])
        return self._failed(self.request, 403, "This account is switched off. Ask your administrator.")

    def _take_state(self, request: HttpRequest) -> dict[str, Any] | None:
        """Return what we remembered of this sign-in, if it is ours and at most ten minutes old (A2)."""
        states = request.session.get("oidc_states", {})
        known = states.get(request.GET.get("state", ""))
        if not isinstance(known, dict) or not (request.GET.get("code") or request.GET.get("error")):
            return None
        is_old = time.time() - known.get("added_on", 0) > STATE_MAX_AGE_SECONDS
        if is_old or request.GET.get("error"):
            del states[request.GET["state"]]
            request.session["oidc_states"] = states
        return None if is_old else known

    def _failed(self, request: HttpRequest, status: int, reason: str) -> HttpResponse:
        query = urlencode({"next": getattr(self, "next", self.client.home)})
        context = {
            "title": "You are not signed in",
            "reason": reason,
            "retry_url": f"/oidc/{self.client.name}/login/?{query}",
            "status": status,
        }
        return render(request, "accounts/sign_in_failed.html", context, status=status)
