"""The bank's page that asks a customer whether it is them: 3-D Secure, one click each way."""

from __future__ import annotations

from html import escape

from devstack.payments.amounts import format_amount
from devstack.payments.objects import Object
from devstack.payments.page_html import BADGE, not_found, page
from devstack.payments.routing import Call
from devstack.standin import Response

_KINDS = {"seti": "setup_intent", "pi": "payment_intent"}


def show(call: Call) -> Response:
    """Show the question about an intent, in a frame over another page or as a page of its own."""
    identifier = call.ids[0]
    kind = _KINDS.get(identifier.partition("_")[0], "setup_intent")
    intent = call.shelf.get(kind, identifier)
    if intent is None:
        return not_found("payment")
    if intent["status"] != "requires_action":
        return _decided(intent)
    what = (
        f"pay {format_amount(intent['amount'], intent['currency'])}"
        if kind == "payment_intent"
        else "save this card for later payments"
    )
    return page(
        "3-D Secure",
        f"""<div class="panel challenge">
<div class="line">{BADGE}<button class="close" type="button" value="fail" aria-label="Close">&times;</button></div>
<h1>3-D Secure 2 test page</h1>
<p>Your bank wants to know whether it is you who wants to <strong>{escape(what)}</strong>. In production your bank's own
page stands here.</p>
<p class="error" role="alert"></p>
<p class="buttons"><button class="primary" type="button" value="complete">Complete authentication</button>
<button type="button" value="fail">Fail authentication</button></p>
</div>""",
        script="/elements/challenge.js",
        narrow=True,
        is_frame=True,
        data={"next": _return_url(call, intent)},
    )


def _return_url(call: Call, intent: Object) -> str:
    action = intent.get("next_action") or {}
    return str((action.get("redirect_to_url") or {}).get("return_url") or call.params.get("next", ""))


def _decided(intent: Object) -> Response:
    text = "It was you." if intent["status"] == "succeeded" else "It was not confirmed that it is you."
    return page(
        "3-D Secure",
        f'<div class="panel">{BADGE}<h1>Done</h1><p>{text} You can close this page.</p></div>',
        narrow=True,
        is_frame=True,
    )
