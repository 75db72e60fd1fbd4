"""The only calls to authentik's administration API (v3): reads of a monitor without power.

The monitor's role can view applications, providers, groups, users, bindings and policies; it can write
nothing, and see no client secret. See docs/explanation/gates.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings

from accounts import http
from accounts.authentik import ProviderRefused, ProviderUnavailable
from accounts.clients import get_client
from accounts.enums import ClientName

_MAX_PAGES = 10


@dataclass(frozen=True)
class Application:
    """An application, with the provider behind it; `provider` is None if it has none."""

    pk: str
    slug: str
    policy_engine_mode: str
    provider: int | None
    provider_name: str


@dataclass(frozen=True)
class Binding:
    """What is bound to an application: a policy, a group or a person, by `name`."""

    pk: str
    kind: str
    bound: str
    name: str
    enabled: bool
    negate: bool
    failure_result: bool


@dataclass(frozen=True)
class Policy:
    """An expression policy."""

    pk: str
    name: str
    expression: str


def is_configured() -> bool:
    """Return whether there is a token to ask with."""
    return bool(settings.AUTHENTIK_API_TOKEN)


def origin() -> str:
    """Return where authentik is, without a slash at the end."""
    return str(settings.AUTHENTIK_API_URL or get_client(ClientName.OPERATOR).identity_issuer.rstrip("/"))


def application(slug: str) -> Application | None:
    """Return the application with that slug; None if there is none.

    Raises:
        ProviderUnavailable: no answer.
        ProviderRefused: the token is not good for this.
    """
    # By its slug and not by the list, which holds only what the monitor itself may open.
    document = _get(f"core/applications/{quote(slug, safe='')}/", allow_missing=True)
    if document is None:
        return None
    with _Shape("application"):
        provider = document["provider"]
        return Application(
            pk=str(document["pk"]),
            slug=str(document["slug"]),
            policy_engine_mode=str(document["policy_engine_mode"]),
            provider=None if provider is None else int(provider),
            provider_name=str((document.get("provider_obj") or {}).get("name", "")),
        )


def bindings_of(target: str) -> list[Binding]:
    """Return everything that is bound to the application with this primary key; raises as `application`."""
    with _Shape("binding"):
        return [_binding(row) for row in _list("policies/bindings/", target=target)]


def expression_policies(name: str) -> list[Policy]:
    """Return the expression policies of that name; raises as `application`."""
    with _Shape("policy"):
        return [
            Policy(pk=str(row["pk"]), name=str(row["name"]), expression=str(row["expression"]))
            for row in _list("policies/expression/", name=name)
            if row["name"] == name
        ]


def has_group(name: str) -> bool:
    """Return whether there is a group of that name; raises as `application`."""
    with _Shape("group"):
        return any(row["name"] == name for row in _list("core/groups/", name=name, include_users="false"))


def user_pk(username: str) -> int | None:
    """Return the number of an active account; None if the monitor sees none. Raises as `application`."""
    with _Shape("user"):
        found = [row for row in _list("core/users/", username=username) if row["username"] == username]
        return int(found[0]["pk"]) if found and found[0]["is_active"] else None


def may_open(*, slug: str, user: int) -> bool:
    """Return whether authentik's policy engine lets an account open an application; raises as `application`.

    The list for a user holds what that user may open. The endpoint made for the question, `check_access`,
    ignores its `for_user` unless the caller is a superuser, and is wrong both ways.
    """
    with _Shape("application"):
        return any(row["slug"] == slug for row in _list("core/applications/", slug=slug, for_user=str(user)))


def _binding(row: dict[str, Any]) -> Binding:
    kind = next((kind for kind in ("policy", "group", "user") if row.get(kind) is not None), "nothing")
    described = row.get(f"{kind}_obj") or {}
    return Binding(
        pk=str(row["pk"]),
        kind=kind,
        bound=str(row.get(kind)),
        name=str(described.get("name") or described.get("username") or row.get(kind)),
        enabled=_flag(row["enabled"]),
        negate=_flag(row["negate"]),
        failure_result=_flag(row["failure_result"]),
    )


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("a flag is not a boolean")
    return value


def _list(path: str, **query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    number = 1
    for _ in range(_MAX_PAGES):
        document = _get(f"{path}?{urlencode({**query, 'page': number, 'page_size': 100})}")
        with _Shape("list"):
            rows += (document or {})["results"]
            number = int((document or {})["pagination"]["next"])
        if not number:
            return rows
    raise ProviderUnavailable("the list has no end")


def _get(path: str, *, allow_missing: bool = False) -> dict[str, Any] | None:
    headers = {"Authorization": f"Bearer {settings.AUTHENTIK_API_TOKEN}"}
    try:
        answer = http.call("GET", f"{origin()}/api/v3/{path}", headers=headers)
    except http.CallFailed as error:
        raise ProviderUnavailable(str(error)) from error
    if answer.status == HTTPStatus.NOT_FOUND and allow_missing:
        return None
    if HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise ProviderUnavailable("authentik asks us to slow down")
        raise ProviderRefused(f"status_{answer.status}")
    if answer.status != HTTPStatus.OK:
        raise ProviderUnavailable(f"authentik answered {answer.status}")
    try:
        document = json.loads(answer.body)
    except ValueError as error:
        raise ProviderUnavailable("authentik's answer is not JSON") from error
    if not isinstance(document, dict):
        raise ProviderUnavailable("authentik's answer is not an object")
    return document


class _Shape:
    """Takes an answer of another shape for no answer: of what can't be read nothing is known."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        """Begin reading."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _traceback: object) -> None:
        """Turn a missing or mistyped field into an outage."""
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError):
            raise ProviderUnavailable(f"authentik describes a {self._what} in another way") from error
