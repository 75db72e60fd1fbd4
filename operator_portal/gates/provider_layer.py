"""The first layer: does authentik really keep outsiders from the operator's application?

Asked in three ways that do not lean on each other: what is configured, by the API; what is published and
accepted, from outside and without an account; and what becomes of two probe accounts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings

from accounts import authentik_admin, authentik_probe, http
from accounts.authentik import ProviderRefused, ProviderUnavailable
from accounts.authentik_admin import Binding
from accounts.authentik_probe import Outcome, ProbeFailed
from accounts.clients import OIDCClient, get_client
from accounts.enums import ClientName
from accounts.verification import ALGORITHM
from operator_portal.enums import Check
from operator_portal.gates.blueprint import BlueprintUnreadable, ExpectedGate, expected_gate
from operator_portal.gates.findings import Finding, judge, unknown

logger = logging.getLogger(__name__)

_POLICY_CHECKS = (
    Check.ENGINE_MODE,
    Check.BINDING,
    Check.BINDING_ENABLED,
    Check.BINDING_NEGATE,
    Check.BINDING_FAILURE,
    Check.EXPRESSION,
    Check.FOREIGN_BINDING,
    Check.GROUP,
)
_OF_BINDING = (Check.BINDING_ENABLED, Check.BINDING_NEGATE, Check.BINDING_FAILURE)
_PUBLISHED = (Check.SIGNING_KEY, Check.REDIRECT_URI)
_RUN_SECONDS = 20.0
type _Step = tuple[tuple[Check, ...], Callable[[], list[Finding]]]
_NOT_CONFIGURED = "Not configured: AUTHENTIK_API_TOKEN is not set."


def check_provider() -> list[Finding]:
    """Return what is found of the first layer; asks authentik, so no transaction may be open."""
    steps: list[_Step] = [
        ((Check.APPLICATION, *_POLICY_CHECKS), _configured),
        (_PUBLISHED, _published),
        ((Check.OUTSIDER, Check.OPERATOR), _would_be_let_in),
        *((checks, step) for checks, step in _SIGN_INS if _password_of(checks[0])),
    ]
    with http.together(_RUN_SECONDS):
        return _ask(steps)


def _ask(steps: list[_Step]) -> list[Finding]:
    findings: list[Finding] = []
    away = ""
    for checks, step in steps:
        try:
            findings += unknown(checks, away) if away else step()
        except ProviderUnavailable as error:
            # Whoever does not answer one question is not asked the next: a slow one would hold us for minutes.
            logger.warning("gates: authentik does not answer: %s", error)
            away = "authentik does not answer, so nothing is known of this now."
            findings += unknown(checks, away)
        except ProviderRefused as error:
            reason = (
                f"authentik refuses the monitor ({error.error}): its token is wrong, or its role lacks a permission."
            )
            findings += unknown(checks, reason)
    return findings


def _client() -> OIDCClient:
    return get_client(ClientName.OPERATOR)


def _slug() -> str:
    """Return the application's slug, which is the last word of its issuer."""
    return urlsplit(_client().issuer).path.strip("/").split("/")[-1]


# --- What is configured -----------------------------------------------------------------------------


def _configured() -> list[Finding]:
    if not authentik_admin.is_configured():
        return unknown((Check.APPLICATION, *_POLICY_CHECKS), _NOT_CONFIGURED)
    application = authentik_admin.application(_slug())
    found = judge(
        Check.APPLICATION,
        holds=application is not None and application.provider is not None,
        good=f"The application {_slug()} stands before a provider.",
        bad=f"The application {_slug()} is missing, or no provider stands behind it.",
        expected=f"{_slug()} with a provider",
        actual="no application" if application is None else application.provider_name or "no provider",
    )
    if application is None:
        return [found, *unknown(_POLICY_CHECKS, "There is no application to ask about.")]
    try:
        expected = expected_gate(settings.OPERATOR_BLUEPRINT)
    except BlueprintUnreadable as error:
        return [found, *unknown(_POLICY_CHECKS, f"The blueprint in git can't be compared: {error}.")]
    bindings = authentik_admin.bindings_of(application.pk)
    own = next((b for b in bindings if (b.kind, b.name) == ("policy", expected.policy)), None)
    mode = judge(
        Check.ENGINE_MODE,
        holds=application.policy_engine_mode == expected.engine_mode,
        good="Every binding has to agree.",
        bad="One binding is enough: a second one would open the gate.",
        expected=expected.engine_mode,
        actual=application.policy_engine_mode,
    )
    return [found, mode, *_of_own(own, expected), _expression(expected, own), _foreign(bindings, own), _group(expected)]


def _of_own(own: Binding | None, expected: ExpectedGate) -> list[Finding]:
    bound = judge(
        Check.BINDING,
        holds=own is not None,
        good="The policy is bound.",
        bad="The policy is not bound: it is asked nothing, and everybody gets in.",
        expected=expected.policy,
        actual=expected.policy if own else "no binding",
    )
    if own is None:
        return [bound, *unknown(_OF_BINDING, "There is no binding to ask about.")]
    return [
        bound,
        judge(
            Check.BINDING_ENABLED,
            holds=own.enabled == expected.binding_enabled,
            good="The binding counts.",
            bad="The binding is switched off: the policy does not count, and everybody gets in.",
            **_flags("enabled", expected=expected.binding_enabled, actual=own.enabled),
        ),
        judge(
            Check.BINDING_NEGATE,
            holds=own.negate == expected.binding_negate,
            good="A yes of the policy lets in, a no turns away.",
            bad="The binding is turned round: operators are turned away, and everybody else gets in.",
            **_flags("negate", expected=expected.binding_negate, actual=own.negate),
        ),
        judge(
            Check.BINDING_FAILURE,
            holds=own.failure_result == expected.binding_failure_result,
            good="A policy that fails turns away.",
            bad="A policy that fails lets everybody in.",
            **_flags("failure_result", expected=expected.binding_failure_result, actual=own.failure_result),
        ),
    ]


def _flags(name: str, *, expected: bool, actual: bool) -> dict[str, str]:
    return {"expected": f"{name}: {str(expected).lower()}", "actual": f"{name}: {str(actual).lower()}"}


def _expression(expected: ExpectedGate, own: Binding | None) -> Finding:
    """Compare the policy that is bound, not a namesake of it that lies beside it."""
    named = authentik_admin.expression_policies(expected.policy)
    live = [policy.expression for policy in named if own is None or policy.pk == own.bound]
    return judge(
        Check.EXPRESSION,
        holds=[_tidy(text) for text in live] == [_tidy(expected.expression)],
        good="The policy asks what git says it asks.",
        bad="The policy asks something else than git says." if live else "The policy is missing.",
        expected=_tidy(expected.expression),
        actual="\n".join(map(_tidy, live)) or "no policy",
    )


def _tidy(expression: str) -> str:
    """Return an expression without what editors add at the ends of lines."""
    return "\n".join(line.rstrip() for line in expression.strip().splitlines())


def _foreign(bindings: list[Binding], own: Binding | None) -> Finding:
    foreign = [f"{binding.kind} {binding.name}" for binding in bindings if binding != own]
    return judge(
        Check.FOREIGN_BINDING,
        holds=not foreign,
        good="Nothing else decides who gets in.",
        bad="Something else decides too who gets in.",
        expected="no other binding",
        actual=", ".join(foreign) or "no other binding",
    )


def _group(expected: ExpectedGate) -> Finding:
    is_there = authentik_admin.has_group(expected.group)
    return judge(
        Check.GROUP,
        holds=is_there,
        good="The group is there.",
        bad="The group is missing or has another name: no operator gets in.",
        expected=expected.group,
        actual=expected.group if is_there else "no such group",
    )


# --- What is published, from outside ----------------------------------------------------------------


def _published() -> list[Finding]:
    client = _client()
    signing = authentik_probe.signing(client)
    taken = [uri for uri in _foreign_uris(client) if authentik_probe.takes_redirect(client, uri)]
    takes_ours = authentik_probe.takes_redirect(client, client.redirect_uri)
    return [
        judge(
            Check.SIGNING_KEY,
            holds=signing.algorithms == {ALGORITHM} and signing.keys > 0,
            good="Tokens are signed with a key that is published.",
            bad="The signing key is gone: tokens are signed with the client's secret, and Dezky refuses them.",
            expected=f"{ALGORITHM} and a published key",
            actual=f"{', '.join(sorted(signing.algorithms)) or 'nothing'} and {signing.keys} published keys",
        ),
        judge(
            Check.REDIRECT_URI,
            holds=takes_ours and not taken,
            good="Codes are sent to Dezky's own address and to none of the foreign ones that were tried.",
            bad="Codes are sent to foreign addresses too." if taken else "Codes are not sent to Dezky's own address.",
            expected=client.redirect_uri,
            actual=", ".join([*([client.redirect_uri] if takes_ours else []), *taken]) or "no address",
        ),
    ]


def _foreign_uris(client: OIDCClient) -> list[str]:
    """Return addresses that only a loosened pattern would take: each loosens ours in another place."""
    ours = client.redirect_uri
    parts = urlsplit(ours)
    last_but_one = ours.rstrip("/").rpartition("/")[0]
    return [
        f"{ours}more",
        f"{last_but_one}/elsewhere/",
        f"{parts.scheme}://elsewhere.invalid{parts.path}",
        f"{parts.scheme}://{parts.netloc}.elsewhere.invalid{parts.path}",
        f"{parts.scheme}://{parts.netloc.replace('.', '-')}{parts.path}elsewhere",
        "https://elsewhere.invalid/",
    ]


# --- What becomes of the probes ---------------------------------------------------------------------


def _would_be_let_in() -> list[Finding]:
    return [
        _would_be(Check.OUTSIDER, "outsider", is_let_in=False),
        _would_be(Check.OPERATOR, "operator", is_let_in=True),
    ]


def _would_be(check: Check, probe: str, *, is_let_in: bool) -> Finding:
    username = settings.AUTHENTIK_PROBES[probe]["username"]
    if not authentik_admin.is_configured():
        return unknown([check], _NOT_CONFIGURED)[0]
    if not username:
        return unknown([check], f"Not configured: AUTHENTIK_PROBE_{probe.upper()} is not set.")[0]
    user = authentik_admin.user_pk(username)
    if user is None:
        return unknown([check], f"The monitor sees no active account {username} at authentik.")[0]
    return _of_outcome(check, username, is_let_in=authentik_admin.may_open(slug=_slug(), user=user), expected=is_let_in)


def _outsider_signs_in() -> list[Finding]:
    return [_sign_in(Check.OUTSIDER_SIGN_IN, expected=False)]


def _operator_signs_in() -> list[Finding]:
    return [_sign_in(Check.OPERATOR_SIGN_IN, expected=True)]


def _sign_in(check: Check, *, expected: bool) -> Finding:
    probe = settings.AUTHENTIK_PROBES[_PROBE_OF[check]]
    try:
        attempt = authentik_probe.sign_in(_client(), **probe)
    except ProbeFailed as error:
        return unknown([check], f"{error}.")[0]
    if expected and attempt.outcome is Outcome.UNUSABLE:
        return judge(
            check,
            holds=False,
            good="",
            bad="The probe gets a code, but no token that Dezky accepts.",
            expected="a token of this application",
            actual=attempt.detail,
        )
    return _of_outcome(check, probe["username"], is_let_in=attempt.outcome is not Outcome.DENIED, expected=expected)


def _of_outcome(check: Check, username: str, *, is_let_in: bool, expected: bool) -> Finding:
    words = {True: "let in", False: "turned away"}
    return judge(
        check,
        holds=is_let_in == expected,
        good=f"{username} is {words[expected]}, as it should be.",
        bad=f"{username} is {words[is_let_in]} and must not be.",
        expected=words[expected],
        actual=words[is_let_in],
    )


_PROBE_OF = {Check.OUTSIDER_SIGN_IN: "outsider", Check.OPERATOR_SIGN_IN: "operator"}
_SIGN_INS: tuple[_Step, ...] = (
    ((Check.OUTSIDER_SIGN_IN,), _outsider_signs_in),
    ((Check.OPERATOR_SIGN_IN,), _operator_signs_in),
)


def _password_of(check: Check) -> str:
    """Return a probe's password; without one its sign-in is not tried, and not reported."""
    return str(settings.AUTHENTIK_PROBES[_PROBE_OF[check]]["password"])
