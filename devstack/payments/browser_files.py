"""The browser's half: a small Stripe.js and the frame of its Elements, served from files as they are."""

from __future__ import annotations

from pathlib import Path

from devstack.payments.routing import Call, Handler, Route
from devstack.standin import Response

_HERE = Path(__file__).parent / "browser"
_HOME = "const HOME = new URL(document.currentScript.src).origin;\n"
# A frame is there to be embedded, so it does not say by whom. `style-src` needs no inline: scripts set styles by CSSOM.
FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; font-src *; "
    "base-uri 'none'; form-action 'none'"
)
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
# Each script is one file to the browser and several here, each with one idea.
_SCRIPTS = {
    "/v3/": ("wire.js", "elements.js", "stripe.js"),
    "/v3": ("wire.js", "elements.js", "stripe.js"),
    "/dahlia/stripe.js": ("wire.js", "elements.js", "stripe.js"),
    "/elements/card.js": ("wire.js", "checks.js", "card.js"),
    "/elements/challenge.js": ("wire.js", "challenge.js"),
    "/elements/invoice.js": ("invoice.js",),
    "/elements/home.js": ("home.js",),
}
_FILES = {
    "/elements/card.html": "card.html",
    "/elements/card.css": "card.css",
    "/elements/pages.css": "pages.css",
}


def routes() -> tuple[Route, ...]:
    """Return a route for every file."""
    scripts = [
        Route("GET", path, _serve(_script(path, names), ".js"), is_open=True) for path, names in _SCRIPTS.items()
    ]
    files = [
        Route("GET", path, _serve((_HERE / name).read_bytes(), Path(name).suffix), is_open=True)
        for path, name in _FILES.items()
    ]
    return (*scripts, *files)


def _script(path: str, names: tuple[str, ...]) -> bytes:
    """Join a script's files in a scope of its own, so that they name nothing on the page but what they mean to."""
    head = "" if path.startswith("/elements/") else _HOME
    body = "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)
    return f"(() => {{\n'use strict';\n{head}{body}}})();\n".encode()


def _serve(content: bytes, suffix: str) -> Handler:
    headers = {
        "Content-Type": f"{_TYPES[suffix]}; charset=utf-8",
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    if suffix == ".html":
        headers["Content-Security-Policy"] = FRAME_POLICY

    def answer(_call: Call) -> Response:
        return Response(200, content, headers)

    return answer
