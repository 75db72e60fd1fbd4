"""Which path is answered by what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import admin_api, authorize, executor, flows, token_endpoint
from .applications import Application
from .control import control
from .discovery import discovery
from .provider import Provider
from .web import Request, Response, json_response, redirect

Handler = Callable[[Provider, Request], Response]
READ = ("GET", "HEAD")
FORM = ("GET", "HEAD", "POST")


@dataclass(frozen=True)
class Route:
    """A path's handler; `endpoint` names it in faults and counts, None is exempt from both."""

    endpoint: str | None
    methods: tuple[str, ...]
    handler: Handler


def _health(_: Provider, __: Request) -> Response:
    return json_response({"ok": True})


def _start(_: Provider, __: Request) -> Response:
    return redirect(flows.HOME)


FIXED: dict[str, Route] = {
    "/_health": Route(None, READ, _health),
    "/_control": Route(None, ("POST",), control),
    "/": Route("home", READ, _start),
    flows.HOME: Route("home", READ, flows.home),
    authorize.LOGIN_PATH: Route("login", FORM, flows.login),
    "/application/o/authorize/": Route("authorize", ("GET", "POST"), authorize.authorize),
    "/application/o/token/": Route("token", ("POST",), token_endpoint.token),
    "/application/o/userinfo/": Route("userinfo", ("GET", "POST"), token_endpoint.userinfo),
    "/application/o/introspect/": Route("introspect", ("POST",), token_endpoint.introspect),
    "/application/o/revoke/": Route("revoke", ("POST",), token_endpoint.revoke),
}


def find_route(provider: Provider, request: Request) -> Route | None:
    """Return the route of a request's path."""
    if request.path.startswith(executor.PREFIX):
        return Route("executor", ("GET", "POST"), executor.execute)
    if request.path.startswith(admin_api.PREFIX):
        return Route("api", admin_api.METHODS, admin_api.answer)
    return FIXED.get(request.path) or _application_routes(provider).get(request.path)


def _application_routes(provider: Provider) -> dict[str, Route]:
    routes: dict[str, Route] = {}
    for application in provider.applications.values():
        base = f"/application/o/{application.slug}/"
        routes[f"{base}.well-known/openid-configuration"] = Route("discovery", READ, _discovery(application))
        routes[f"{base}jwks/"] = Route("jwks", READ, _jwks(application))
        routes[f"{base}end-session/"] = Route("end_session", ("GET", "POST"), _end_session(application))
        routes[f"/if/flow/{application.slug}-sign-out/"] = Route("sign_out", ("GET",), _sign_out(application))
    return routes


def _discovery(application: Application) -> Handler:
    def answer(provider: Provider, request: Request) -> Response:
        has_key = provider.configuration.setup(application).has_signing_key
        return json_response(discovery(application, request.base_url, has_signing_key=has_key))

    return answer


def _jwks(application: Application) -> Handler:
    def answer(provider: Provider, _: Request) -> Response:
        has_key = provider.configuration.setup(application).has_signing_key
        return json_response(provider.keys.jwks() if has_key else {})

    return answer


def _end_session(application: Application) -> Handler:
    return lambda provider, request: flows.end_session(provider, request, application)


def _sign_out(application: Application) -> Handler:
    return lambda provider, request: flows.sign_out(provider, request, application)
