"""The read-only part of authentik's API v3 that a monitor without power may see."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import Any

from .applications import Application
from .configuration import Binding, Policy, make_pk
from .directory import EVERYBODY
from .provider import Provider
from .web import Request, Response, json_response

PREFIX = "/api/v3/"
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
FIRST_USER, FIRST_PROVIDER = 10, 1
Data = dict[str, Any]


def answer(provider: Provider, request: Request) -> Response:
    """Answer the monitor; anybody else, and any write, is refused with 403 as authentik does."""
    refusal = _refusal(provider, request)
    if refusal:
        return json_response({"detail": refusal}, 403)
    collection, name = _split(request.path)
    if collection not in COLLECTIONS:
        return json_response({"detail": "Not Found"}, 404)
    read_all, key, filters = COLLECTIONS[collection]
    rows = read_all(provider)
    if name:
        found = next((row for row in rows if str(row[key]) == name), None)
        return json_response(found) if found else json_response({"detail": "Not found."}, 404)
    for field in filters:
        if field in request.query:
            rows = [row for row in rows if str(row[field]) == request.query[field]]
    if collection == "core/applications":
        return _applications_of(provider, request, rows)
    return _page(request, rows)


def user_pk(email: str) -> int:
    """Return the number that authentik knows a person by."""
    return FIRST_USER + [person.email for person in EVERYBODY].index(email)


def _refusal(provider: Provider, request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        return "Authentication credentials were not provided."
    expected = provider.monitor.token
    if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
        return "Token invalid/expired"
    return "" if request.method in ("GET", "HEAD") else "You do not have permission to perform this action."


def _split(path: str) -> tuple[str, str]:
    """Return the collection, and what of it is asked for ("" means all)."""
    words = path.removeprefix(PREFIX).strip("/").split("/")
    is_listed = "/".join(words) in COLLECTIONS
    return ("/".join(words), "") if is_listed else ("/".join(words[:-1]), words[-1])


def _applications_of(provider: Provider, request: Request, rows: list[Data]) -> Response:
    """List only what `for_user` may open; without it, what the monitor itself may, which is in no group."""
    groups: tuple[str, ...] = ()
    if "for_user" in request.query:
        person = next((p for p in EVERYBODY if str(user_pk(p.email)) == request.query["for_user"]), None)
        account = provider.directory.account(person.email) if person else None
        if account is None:
            return json_response({"for_user": "User not found"}, 400)
        groups = account.groups
    may_open = [row for row in rows if provider.configuration.admits(provider.applications[row["slug"]], groups)]
    return _page(request, may_open)


def _page(request: Request, rows: list[Data]) -> Response:
    size = min(int(request.query.get("page_size", "20")), 100)
    number = int(request.query.get("page", "1"))
    total = max(1, -(-len(rows) // size))
    if not 1 <= number <= total:
        return json_response({"detail": "Invalid page."}, 404)
    start = (number - 1) * size
    shown = rows[start : start + size]
    pagination = {
        "next": number + 1 if number < total else 0,
        "previous": number - 1,
        "count": len(rows),
        "current": number,
        "total_pages": total,
        "start_index": start + 1 if shown else 0,
        "end_index": start + len(shown),
    }
    return json_response({"pagination": pagination, "results": shown, "autocomplete": {}})


def _applications(provider: Provider) -> list[Data]:
    return [
        {
            "pk": make_pk("applications", application.slug),
            "name": application.name,
            "slug": application.slug,
            "provider": number,
            "provider_obj": _provider(number, application),
            "backchannel_providers": [],
            "launch_url": f"{application.site_url}/",
            "open_in_new_tab": False,
            "policy_engine_mode": provider.configuration.setup(application).engine_mode,
            "group": "",
        }
        for number, application in enumerate(provider.applications.values(), FIRST_PROVIDER)
    ]


def _providers(provider: Provider) -> list[Data]:
    return [_provider(n, application) for n, application in enumerate(provider.applications.values(), FIRST_PROVIDER)]


def _provider(number: int, application: Application) -> Data:
    """Return a provider as every kind of one is listed: no secret, no addresses, no key."""
    return {
        "pk": number,
        "name": application.slug,
        "component": "ak-provider-oauth2-form",
        "assigned_application_slug": application.slug,
        "assigned_application_name": application.name,
        "verbose_name": "OAuth2/OpenID Provider",
        "meta_model_name": "authentik_providers_oauth2.oauth2provider",
    }


def _bindings(provider: Provider) -> list[Data]:
    configuration = provider.configuration
    policies = {policy.name: policy for policy in configuration.state.policies}
    return [
        _binding(binding, policies.get(binding.policy or ""), configuration.group_name(binding.group or ""))
        for slug in provider.applications
        for binding in configuration.bindings(slug)
    ]


def _binding(binding: Binding, policy: Policy | None, group_name: str) -> Data:
    group_pk = make_pk("groups", binding.group) if binding.group else None
    return {
        "pk": binding.pk,
        "policy": policy.pk if policy else None,
        "group": group_pk,
        "user": None,
        "policy_obj": {"pk": policy.pk, "name": policy.name} if policy else None,
        "group_obj": {"pk": group_pk, "name": group_name} if group_pk else None,
        "user_obj": None,
        "target": make_pk("applications", binding.target),
        "negate": binding.negate,
        "enabled": binding.enabled,
        "order": binding.order,
        "timeout": binding.timeout,
        "failure_result": binding.failure_result,
    }


def _policies(provider: Provider) -> list[Data]:
    return [
        {
            "pk": policy.pk,
            "name": policy.name,
            "execution_logging": False,
            "component": "ak-policy-expression-form",
            "bound_to": sum(binding.policy == policy.name for binding in provider.configuration.state.bindings),
            "expression": policy.expression,
        }
        for policy in provider.configuration.state.policies
    ]


def _groups(provider: Provider) -> list[Data]:
    names = dict.fromkeys(group for person in EVERYBODY for group in person.groups)
    return [
        {
            "pk": make_pk("groups", name),
            "name": provider.configuration.group_name(name),
            "is_superuser": False,
            "parent": None,
        }
        for name in names
    ]


def _users(provider: Provider) -> list[Data]:
    accounts = [provider.directory.account(person.email) for person in EVERYBODY]
    return [
        {
            "pk": user_pk(account.person.email),
            "username": account.person.email,
            "name": account.person.name,
            "is_active": account.is_active,
            "type": "external",
            "uuid": account.person.sub,
        }
        for account in accounts
        if account
    ]


# Each collection with what its members are looked up by, and what its list can be filtered by.
COLLECTIONS: dict[str, tuple[Callable[[Provider], list[Data]], str, Sequence[str]]] = {
    "core/applications": (_applications, "slug", ("slug", "name")),
    "core/groups": (_groups, "pk", ("name",)),
    "core/users": (_users, "pk", ("username",)),
    "policies/bindings": (_bindings, "pk", ("target", "policy")),
    "policies/expression": (_policies, "pk", ("name",)),
    "providers/all": (_providers, "pk", ()),
}
