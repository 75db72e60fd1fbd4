"""The provider's HTML pages: no script, one style sheet, everything escaped."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from devstack.people import PEOPLE, Person

from .applications import Application

STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
)
BADGE = "Demo stand-in for authentik"


def people(application: Application | None, current: Person | None, *, error: str | None = None) -> str:
    """Return the sign-in page: everybody of the demo, one click each."""
    target = f"to {escape(application.name)}" if application else "to the demo"
    rows = "".join(_person_button(person) for person in PEOPLE)
    signed_in = f"<p>Signed in in this browser: <strong>{escape(current.email)}</strong>.</p>" if current else ""
    if current and application:
        signed_in += f"""<p>{escape(application.name)} wants a sign-in of this moment, with a second factor for the
operator portal: choose yourself once more, and a click stands for both.</p>"""
    alert = f'<p class="error" role="alert">{escape(error)} Choose one of the people below.</p>' if error else ""
    return _page(
        "Sign in",
        f"""<span class="badge">{BADGE}</span>
<h1>Sign in {target}</h1>
<p>Choose who you want to be. In production this page is your authentik, with passwords and second factors;
here one click is enough.</p>
{signed_in}{alert}
<form method="post"><ul class="people">{rows}</ul></form>
<footer><p>These people exist in the demo only. Open a private window to be two of them at
once.</p></footer>""",
    )


def denied(application: Application, person: Person) -> str:
    """Return authentik's refusal, where a person without the right group is stranded."""
    switch = f"/if/flow/{application.slug}-sign-out/"
    return _notice(
        "Permission denied",
        f"""<p>Request has been denied. Only platform administrators may open {escape(application.name)}.</p>
<p>You are signed in as <strong>{escape(person.email)}</strong>.</p>
<ul class="actions"><li><a href="{switch}">Not you? Sign out</a></li></ul>""",
    )


def signed_out(application: Application) -> str:
    """Return what end-session shows when it does not send the browser back."""
    site = escape(f"{application.site_url}/")
    return _notice(
        "Logout successful",
        f"""<p>You've logged out of {escape(application.name)}.</p>
<ul class="actions"><li><a href="{site}">Back to {escape(application.name)}</a></li></ul>""",
    )


def error(title: str, text: str) -> str:
    """Return an error that cannot be sent to a client."""
    return _notice(title, f'<p class="error" role="alert">{escape(text)}</p>')


def home(person: Person, applications: list[Application]) -> str:
    """Return the provider's own page: who is signed in, and the ways out."""
    switch = f"/if/flow/default-authentication-flow/?{urlencode({'next': '/if/user/'})}"
    links = "".join(
        f'<li><a href="/if/flow/{application.slug}-sign-out/">Sign out, back to {escape(application.name)}</a></li>'
        for application in applications
    )
    return _notice(
        f"Signed in as {person.name}",
        f"""<p>{escape(person.email)} · {escape(person.note)}</p>
<ul class="actions"><li><a href="{escape(switch)}">Be somebody else</a></li>{links}</ul>""",
    )


def _person_button(person: Person) -> str:
    initials = "".join(word[0] for word in person.name.split()[:2])
    return (
        f'<li><button class="person" name="username" value="{escape(person.email)}">'
        f'<span class="initials" aria-hidden="true">{escape(initials)}</span>'
        f'<span class="name">{escape(person.name)}</span><span class="email">{escape(person.email)}</span>'
        f'<span class="note">{escape(person.note)}</span></button></li>'
    )


def _notice(title: str, body: str) -> str:
    return _page(
        title,
        f'<div class="panel"><span class="badge">{BADGE}</span><h1>{escape(title)}</h1>{body}</div>',
        narrow=True,
    )


def _page(title: str, body: str, *, narrow: bool = False) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)} - authentik</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body><main{' class="narrow"' if narrow else ""}>
{body}
</main></body>
</html>
"""
