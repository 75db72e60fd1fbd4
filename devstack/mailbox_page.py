"""The mailbox's web pages; everything that came by mail is escaped or kept in a sandbox."""

from __future__ import annotations

import re
import secrets
from html import escape

from devstack.mailbox_store import Mail
from devstack.standin import Response

# Links in a mail must open, so popups may leave the sandbox; scripts, forms and same-origin access may not.
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_STYLE = """
:root{color-scheme:light dark;--bg:#fff;--fg:#16181d;--soft:#5a606b;--line:#dfe2e7;--hover:#f4f5f7;--link:#1d4ed8}
@media(prefers-color-scheme:dark){:root{--bg:#14161a;--fg:#eceef1;--soft:#a3a9b4;--line:#31353d;--hover:#1d2026;--link:#93b4ff}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1rem}h1{font-size:1.35rem;margin:.5rem 0 1rem;overflow-wrap:anywhere}
h2{font-size:1rem;margin:1.5rem 0 .5rem}a{color:var(--link)}
a:focus-visible,iframe:focus-visible{outline:3px solid var(--link);outline-offset:2px}
ul{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}li{border-bottom:1px solid var(--line)}
li a{display:grid;grid-template-columns:1fr auto;gap:0 1rem;padding:.65rem .5rem;color:inherit;text-decoration:none}
li a:hover{background:var(--hover)}li b,li span{overflow-wrap:anywhere;min-width:0}.soft,time{color:var(--soft)}
dl{display:grid;grid-template-columns:auto 1fr;gap:.15rem 1rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
iframe{width:100%;height:70vh;border:1px solid var(--line);border-radius:8px;background:#fff}
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid var(--line);border-radius:8px;padding:1rem;margin:0}
"""
_SCRIPT = """
const count = document.querySelector("main").dataset.newest;
setInterval(async () => {
  const answer = await fetch("/messages.json?limit=1").catch(() => null);
  if (!answer || !answer.ok) return;
  const newest = (await answer.json()).messages[0]?.id ?? 0;
  if (String(newest) !== count) location.reload();
}, 2000);
"""


def list_page(mails: list[Mail]) -> Response:
    """Return the list, newest first; it looks for new mail by itself."""
    rows = "".join(
        f'<li><a href="/mail/{mail.id}"><b>{escape(mail.subject or "(no subject)")}</b>'
        f"<time>{escape(_clock(mail))}</time>"
        f'<span class="soft">To {escape(mail.recipients)}</span></a></li>'
        for mail in mails
    )
    empty = '<p class="soft">No mail yet. Everything that Dezky sends arrives here and goes nowhere else.</p>'
    newest = mails[0].id if mails else 0
    body = f'<main data-newest="{newest}"><h1>Mailbox</h1>{f"<ul>{rows}</ul>" if rows else empty}</main>'
    return _page("Mailbox", body, script=_SCRIPT)


def mail_page(mail: Mail) -> Response:
    """Return one mail: who, when, its HTML in a sandbox, its text."""
    subject = escape(mail.subject or "(no subject)")
    html = (
        f'<h2>As HTML</h2><iframe title="The mail as HTML" sandbox="{_SANDBOX}" src="/mail/{mail.id}/html"></iframe>'
        if mail.html
        else ""
    )
    text = f"<h2>As text</h2><pre>{_linked(mail.text)}</pre>" if mail.text else ""
    body = (
        f'<main><p><a href="/">All mail</a></p><h1>{subject}</h1><dl>'
        f"<dt>To</dt><dd>{escape(mail.recipients)}</dd><dt>From</dt><dd>{escape(mail.sender)}</dd>"
        f"<dt>At</dt><dd>{escape(_clock(mail))} UTC</dd></dl>{html}{text}</main>"
    )
    return _page(mail.subject or "(no subject)", body)


def mail_html(mail: Mail) -> Response:
    """Return the HTML of a mail alone, under a policy that forbids all but its looks."""
    html = mail.html
    base = '<base target="_blank">'
    head = re.search(r"<head[^>]*>", html, re.IGNORECASE)
    html = html[: head.end()] + base + html[head.end() :] if head else base + html
    policy = f"sandbox {_SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data: http: https:"
    return Response(200, html.encode(), _headers(policy))


def not_found() -> Response:
    """Return the page for a mail that is not there."""
    return _page("Not found", '<main><h1>There is no such mail</h1><p><a href="/">All mail</a></p></main>', status=404)


def _page(title: str, body: str, *, script: str = "", status: int = 200) -> Response:
    nonce = secrets.token_urlsafe(16)
    tail = f'<script type="module" nonce="{nonce}">{script}</script>' if script else ""
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<style nonce="{nonce}">{_STYLE}</style></head><body>{body}{tail}</body></html>'
    )
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; "
        "frame-src 'self'; base-uri 'none'; form-action 'none'"
    )
    return Response(status, html.encode(), _headers(policy))


def _headers(policy: str) -> dict[str, str]:
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def _clock(mail: Mail) -> str:
    return mail.received_at[:19].replace("T", " ")


def _linked(text: str) -> str:
    return re.sub(
        r"https?://[^\s<>&\"']+(?:&amp;[^\s<>&\"']+)*",
        lambda found: f'<a href="{found[0]}" target="_blank" rel="noreferrer">{found[0]}</a>',
        escape(text),
    )
