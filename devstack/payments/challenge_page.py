"""The bank's page that asks a customer whether it is them: 3-D Secure, one click each way."""

from __future__ import annotations

from html import escape

from devstack.payments.amounts import format_amount
from devstack.payments.challenges import challenged
from devstack.payments.errors import StripeError
from devstack.payments.objects import Object
from devstack.payments.page_html import BADGE, not_found, page
from devstack.payments.routing import Call
from devstack.standin import Response


def show(call: Call) -> Response:
    """Show the question about an intent, in a frame over another page or as a page of its own."""
    try:
        intent = challenged(call.shelf, call.ids[0])
    except StripeError:
        return not_found("payment")
    if intent["status"] != "requires_action":
        return _decided(intent)
    what = "save this card for later payments"
    if intent["object"] == "payment_intent":
        what = f"pay {format_amount(intent['amount'], intent['currency'])}"
    return page(
        "3-D Secure",
        f"""<form class="panel" method="post">
<div class="line">{BADGE}<button class="close" name="outcome" value="fail" aria-label="Close">&times;</button></div>
<h1>3-D Secure 2 test page</h1>
<p>Your bank wants to know whether it is you who wants to <strong>{escape(what)}</strong>. In production your bank's own
page stands here.</p>
<p class="error" role="alert"></p>
<p class="buttons"><button class="primary" name="outcome" value="complete">Complete authentication</button>
<button name="outcome" value="fail">Fail authentication</button></p>
</form>""",
        script="/elements/challenge.js",
        narrow=True,
        is_frame=True,
        data={"next": _next(call, intent)},
    )


def _next(call: Call, intent: Object) -> str:
    """Return where the script goes afterwards, within the stand-in; nothing where the answer itself leads on."""
    if ((intent["next_action"] or {}).get("redirect_to_url") or {}).get("return_url"):
        return ""
    wanted = str(call.params.get("next", ""))
    return wanted if wanted.startswith("/i/") else f"/_3ds/{intent['id']}"


def _decided(intent: Object) -> Response:
    text = "It was you." if intent["status"] == "succeeded" else "It was not confirmed that it is you."
    return page(
        "3-D Secure",
        f'<div class="panel">{BADGE}<h1>Done</h1><p>{text} You can close this page.</p></div>',
        narrow=True,
        is_frame=True,
    )
