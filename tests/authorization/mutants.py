"""Mutants of the guards: small wrongs of the kind that a careless change makes.

Each one changes the text of a function, which is compiled anew in its own module. Every name under
which the function was imported then means the mutant.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any

from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Mutant:
    """A wrong: in `function`, the only `old` becomes `new`; a row named in `dies_at` has to notice."""

    function: str
    old: str
    new: str
    dies_at: str

    @property
    def id(self) -> str:
        """Return the mutant's name in reports."""
        return f"{self.function}: {self.old} -> {self.new or 'nothing'}"

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Let the mutant live for a while."""
        function = _function(self.function)
        healthy = function.__code__
        function.__code__ = self._code(function)
        try:
            yield
        finally:
            function.__code__ = healthy

    def _code(self, function: FunctionType) -> CodeType:
        source = textwrap.dedent(inspect.getsource(function))
        if source.count(self.old) != 1:
            raise LookupError(f"{self.function} holds {self.old!r} {source.count(self.old)} times: rewrite the mutant")
        tree = ast.parse(source.replace(self.old, self.new))
        (definition,) = tree.body
        assert isinstance(definition, ast.FunctionDef)
        definition.decorator_list = []
        # `super()` needs the class's cell, which only a function inside a function has.
        holder = ast.parse("def holder():\n    __class__ = None")
        outer = holder.body[0]
        assert isinstance(outer, ast.FunctionDef)
        outer.body.append(definition)
        code = compile(ast.fix_missing_locations(holder), inspect.getfile(function), "exec")
        return _named(_named(code, "holder"), definition.name)


def _named(code: CodeType, name: str) -> CodeType:
    (found,) = [const for const in code.co_consts if isinstance(const, CodeType) and const.co_name == name]
    return found


def _function(path: str) -> FunctionType:
    parts = path.rsplit(".", 2)
    try:
        found: Any = import_string(path)
    except ImportError:
        owner: Any = import_string(".".join(parts[:2]))
        found = inspect.getattr_static(owner, parts[2])
    found = found.fget if isinstance(found, property) else found
    found = found.func if isinstance(found, cached_property) else found
    assert isinstance(found, FunctionType)
    return found


_PEOPLE = "GET tenants:people (acme)"
_SUSPENDED = "GET tenants:people (initech)"
_LAPSED = "GET tenants:people (hooli)"
_AUDIT_THIN = "GET tenants:audit (thin)"
_OPERATOR = "GET operator:tenants"
_PARTNER = "GET partner:customers"
_HOME = "GET launcher:home"
_API = "GET api:users (acme)"
_OPERATOR_API = "GET api:operator-tenants"

MUTANTS = [
    # What kind of person: the pure decision.
    Mutant("accounts.guards.decide", "if not caller.is_signed_in:", "if False:", _API),
    Mutant("accounts.guards.decide", "if not _qualifies(", "if _qualifies(", _HOME),
    Mutant("accounts.guards.decide", "Verdict.NOT_AUTHORISED if", "Verdict.FORBIDDEN if", _OPERATOR),
    Mutant("accounts.guards._qualifies", "return caller.client is ClientName.PORTAL\n", "return True\n", _API),
    Mutant("accounts.guards._when_unconfirmed", "failure is Failure.OPEN", "True", _PEOPLE),
    Mutant("accounts.guards._when_unconfirmed", "confirmation is Confirmation.GRACE and is_safe", "is_safe", _HOME),
    Mutant("accounts.guards._when_unconfirmed", "confirmation is Confirmation.CONFIRMED", "True", _PEOPLE),
    Mutant(
        "accounts.middleware.guard.SurfaceGuardMiddleware.process_view",
        "caller = self.caller(request)",
        "return None",
        _HOME,
    ),
    Mutant(
        "accounts.middleware.guard.caller_of",
        "confirmation=request.confirmation,",
        "",
        _PEOPLE,
    ),
    # Whose session, and whether it still holds.
    Mutant("accounts.sessions.session_of", "pk=UUID(pk), client=client", "pk=UUID(pk)", _HOME),
    Mutant("accounts.sessions.session_of", "found.is_alive(timezone.now())", "True", _HOME),
    Mutant("accounts.models.OIDCSession.is_alive", "and self.user.is_active", "", _HOME),
    Mutant("accounts.models.OIDCSession.is_alive", "and now < self.ends_at", "", _HOME),
    Mutant("accounts.models.OIDCSession.is_alive", "and now < self.last_seen_at + client.idle", "", _HOME),
    Mutant(
        "accounts.models.User.is_cut_off",
        "return int(issued_at_seconds) <=",
        "return int(issued_at_seconds) >",
        "GET api:me",
    ),
    Mutant("accounts.step_up.is_fresh", "<= MAX_AGE", ">= MAX_AGE", "GET operator:person-sign-out @person"),
    Mutant(
        "accounts.step_up.StepUpRequiredMixin.dispatch",
        "if not is_fresh(request.oidc):",
        "if False:",
        "GET operator:person-sign-out @person",
    ),
    Mutant("accounts.models.OIDCSession.is_alive", "now < self.last_seen_at", "now > self.last_seen_at", _HOME),
    Mutant("accounts.models.OIDCSession.confirmation", "<= grace_seconds", ">= grace_seconds", _HOME),
    Mutant("accounts.middleware.identity._renewed", "outcome is not Renewal.UNAVAILABLE", "True", _PEOPLE),
    Mutant(
        "accounts.middleware.identity._renewed",
        "outcome is not Renewal.UNAVAILABLE",
        "outcome is Renewal.UNAVAILABLE",
        _PEOPLE,
    ),
    # Which workspace.
    Mutant("tenants.access.access_to", ".in_open_tenants()", "", _SUSPENDED),
    Mutant("tenants.access.access_to", "tenant__slug=slug", "tenant__slug__gt=''", "GET tenants:people (globex)"),
    Mutant(
        "tenants.access.access_to",
        "membership is not None and membership.is_admin",
        "membership is not None",
        "GET api:users (acme)",
    ),
    Mutant("tenants.access._delegated", "Tenant.objects.open()", "Tenant.objects", _SUSPENDED),
    Mutant("tenants.access._delegated", "or not delegate.may_see(tenant.pk)", "", _PEOPLE),
    Mutant("tenants.access._delegated", ".active()", "", _LAPSED),
    Mutant("tenants.access._delegated", "if grant is not None else None", "", "GET tenants:people (umbrella)"),
    Mutant("tenants.access.Access.may", "permission in self.grant.permissions", "True", _AUDIT_THIN),
    Mutant("tenants.access.Access.may", "permission in self", "permission not in self", _PEOPLE),
    Mutant("tenants.access.Access.may", "self.is_admin or", "not self.is_admin or", _PEOPLE),
    Mutant("tenants.access.Access.is_admin", "and self.membership.role in ADMIN_ROLES", "", _PEOPLE),
    Mutant("tenants.mixins.enter", "raise PermissionDenied", "pass", _PEOPLE),
    Mutant("tenants.mixins.enter", "raise PermissionDenied", "raise Http404", _PEOPLE),
    Mutant("tenants.querysets.DelegatedAccessQuerySet.active", "ends_at__gt=now, ", "", _LAPSED),
    Mutant("tenants.querysets.DelegatedAccessQuerySet.active", ", ended_at__isnull=True", "", _LAPSED),
    Mutant("tenants.querysets.DelegatedAccessQuerySet.active", "starts_at__lte=now, ", "", _LAPSED),
    Mutant(
        "tenants.delegates.Delegate.may_see",
        "or tenant_id in self.tenant_ids",
        "or tenant_id not in self.tenant_ids",
        _PEOPLE,
    ),
    Mutant("partner.selectors.customers_of", "staff.role == StaffRole.ADMIN", "True", _PARTNER),
    Mutant("partner.selectors.staff_of", "user=user, user__is_active=True", "user__is_active=True", _PARTNER),
    # Operators.
    Mutant(
        "operator_portal.middleware.OperatorGuardMiddleware.caller",
        "portal_only_caller(request) or caller",
        "caller",
        _OPERATOR,
    ),
    Mutant("operator_portal.guards.portal_only_caller", "or portal.user.is_platform_admin", "", _OPERATOR),
    Mutant(
        "operator_portal.middleware.OperatorGuardMiddleware.answer",
        "if verdict is not Verdict.NOT_AUTHORISED:",
        "if True:",
        _OPERATOR,
    ),
    # Bearers.
    Mutant(
        "accounts.verification.verify_access_token",
        "not isinstance(scope, str) or settings.API_SCOPE not in scope.split()",
        "False",
        _API,
    ),
    Mutant("accounts.api.authentication.BearerAuthentication.authenticate", ", is_active=True", "", _API),
    Mutant("accounts.api.authentication.BearerAuthentication.authenticate", 'sub=claims["sub"], ', "", _API),
    Mutant(
        "accounts.api.authentication.OIDCSessionAuthentication.authenticate",
        "if not isinstance(oidc, OIDCSession):",
        "if oidc is None and False:",
        _API,
    ),
    Mutant(
        "accounts.api.permissions.AudiencePermission.has_permission",
        "if verdict is not Verdict.ALLOW:",
        "if False:",
        _API,
    ),
    Mutant(
        "accounts.api.permissions.AudiencePermission.has_permission",
        "if verdict is Verdict.UNAVAILABLE:",
        "if False:",
        _API,
    ),
    Mutant("accounts.api.permissions.AudiencePermission.caller", "if is_session else", "if not is_session else", _API),
    Mutant(
        "operator_portal.api.views.OperatorAudiencePermission.caller",
        "return portal_only_caller(request._request) or caller",
        "return caller",
        _OPERATOR_API,
    ),
    Mutant("accounts.verification._verify", '"strict_aud": False', '"verify_signature": False', _API),
    Mutant("accounts.verification._verify", '"strict_aud": False', '"verify_exp": False', _API),
    # What they are told.
    Mutant(
        "accounts.answers.sign_in",
        "if wants_problem(request) or is_htmx(request):",
        "if wants_problem(request):",
        _HOME,
    ),
]

# Wrongs behind a layer that holds without them: they are seen once that layer is left out.
BEHIND = {
    "operator_portal.middleware.OperatorGuardMiddleware.process_view": [
        Mutant("operator_portal.guards.is_operator", "and is_platform_admin(oidc.user_id)", "", _OPERATOR),
        Mutant("operator_portal.guards.is_operator", "isinstance(oidc, OIDCSession)", "oidc is None", _OPERATOR),
        Mutant("operator_portal.guards.is_platform_admin", ", is_platform_admin=True", "", _OPERATOR),
        Mutant(
            "operator_portal.mixins.OperatorRequiredMixin.dispatch",
            "if not is_operator(request):",
            "if False:",
            _OPERATOR,
        ),
    ],
    "operator_portal.api.views.OperatorAudiencePermission.has_permission": [
        Mutant(
            "operator_portal.api.views.OperatorPermission.has_permission",
            "and is_platform_admin(user.pk)",
            "",
            _OPERATOR_API,
        ),
        Mutant(
            "operator_portal.api.views.OperatorPermission.has_permission",
            "and client.name is ClientName.OPERATOR",
            "",
            _OPERATOR_API,
        ),
    ],
    "operator_portal.api.views.OperatorPermission.has_permission": [
        Mutant(
            "accounts.guards._qualifies",
            "ClientName.OPERATOR and caller.is_platform_admin",
            "ClientName.OPERATOR",
            _OPERATOR_API,
        ),
        Mutant("accounts.guards._qualifies", "caller.client is ClientName.OPERATOR and ", "", _OPERATOR_API),
    ],
    "partner.middleware.PartnerGuardMiddleware.process_view": [
        Mutant(
            "partner.mixins.PartnerStaffRequiredMixin.dispatch",
            "raise PermissionDenied",
            "staff = PartnerStaff.objects.first()",
            _PARTNER,
        ),
    ],
    "partner.mixins.PartnerStaffRequiredMixin.dispatch": [
        Mutant(
            "accounts.guards._qualifies", "ClientName.PORTAL and caller.is_partner_staff", "ClientName.PORTAL", _PARTNER
        ),
    ],
    "config.support.SupportSite.has_permission": [
        Mutant("accounts.guards._qualifies", "ClientName.PORTAL and caller.is_staff", "ClientName.PORTAL", "support"),
    ],
}
