"""What the stand-in's own pages share: one frame, one style sheet, everything escaped."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from devstack.standin import Response

BADGE = '<span class="badge">Demo stand-in for Stripe</span>'
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src data:; "
    "base-uri 'none'"
)


def page(
    title: str,
    body: str,
    *,
    script: str = "",
    narrow: bool = False,
    is_frame: bool = False,
    status: int = 200,
    data: dict[str, str] | None = None,
) -> Response:
    """Return a whole page; `data` goes to its script in attributes, `is_frame` lets another page embed it."""
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in (data or {}).items())
    tags = "".join(f'<script src="{source}" defer></script>' for source in script.split())
    classes = " ".join(name for name, is_on in (("narrow", narrow), ("framed", is_frame)) if is_on)
    text = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - Stripe stand-in</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/elements/pages.css">
{tags}
</head>
<body class="{classes}"{attributes}><main>
{body}
</main></body>
</html>
"""
    policy = _POLICY if is_frame else f"{_POLICY}; frame-ancestors 'none'"
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }
    return Response(status, text.encode(), headers)


def not_found(what: str) -> Response:
    """Return the page for what is not there."""
    text = f"<h1>Not found</h1><p>There is no {escape(what)} of this number.</p><p><a href='/'>To the overview</a></p>"
    return page("Not found", f'<div class="panel">{BADGE}{text}</div>', narrow=True, status=404)


def day(moment: int | None) -> str:
    """Return a day as people read it, `31 January 2026`; a dash for none."""
    if moment is None:
        return "–"  # noqa: RUF001 - a dash
    when = datetime.fromtimestamp(moment, UTC)
    return f"{when.day} {when:%B %Y}"
