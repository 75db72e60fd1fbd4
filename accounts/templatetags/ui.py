"""What every page draws: icons, avatars, marks, meters, badges, times and navigation."""

from __future__ import annotations

import datetime as dt
import zlib
from typing import TYPE_CHECKING

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import dateformat, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

if TYPE_CHECKING:
    from django.template.context import RequestContext

register = template.Library()

HUES = 8
TONES = {
    "active": "ok",
    "success": "ok",
    "trial": "info",
    "invited": "info",
    "requested": "info",
    "past_due": "warn",
    "failure": "warn",
    "green": "ok",
    "unknown": "warn",
    "red": "bad",
    "suspended": "bad",
    "denied": "bad",
    "good": "ok",
    "card_expiring": "warn",
    "card_expired": "bad",
    "unpaid": "bad",
    "same": "ok",
    "different": "warn",
    "received": "info",
    "done": "ok",
    "failed": "bad",
    "paid": "ok",
    "open": "warn",
}
TIME_FORMATS = {"datetime": "j M Y, H:i", "date": "j M Y", "time": "H:i", "day": "l, j F Y"}


def initials(name: str) -> str:
    """Return one or two capital letters for `name`: of its first and its last word."""
    words = [word for word in name.replace("·", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def hue(name: str) -> str:
    """Return the CSS class of the colour of `name`, the same on every page and in every process."""
    return f"h{zlib.crc32(name.encode()) % HUES + 1}"


@register.simple_tag
def icon(name: str, css: str = "i") -> SafeString:
    """Draw the symbol `name`, hidden from screen readers: a word must stand beside it."""
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        css,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag
def avatar(person: object, css: str = "") -> SafeString:
    """Draw the initials of `person`: a user, or a name; nameless actors get a symbol."""
    name = person if isinstance(person, str) else str(getattr(person, "name", "") or getattr(person, "email", ""))
    if name in {"", "System", "Unknown", "Somebody unknown"}:
        symbol = icon("server" if name == "System" else "circle-help", "i i-sm")
        return format_html('<span class="av av-n {}" aria-hidden="true">{}</span>', css, symbol)
    return format_html('<span class="av {} {}" data-i="{}" aria-hidden="true"></span>', hue(name), css, initials(name))


@register.simple_tag
def mark(label: object, css: str = "", brand: str = "") -> SafeString:
    """Draw a workspace's mark: the first letter of `label` on the brand colour of the page, or of `brand`."""
    text = str(label or "Dezky").strip()
    letter = text if len(text) == 1 else text[:1].upper()
    if brand:
        return format_html('<span class="mark {}" data-brand="{}" aria-hidden="true">{}</span>', css, brand, letter)
    return format_html('<span class="mark {}" aria-hidden="true">{}</span>', css, letter)


@register.simple_tag
def soft_mark(name: str, css: str = "") -> SafeString:
    """Draw a mark for one workspace among many, in a quiet colour of its own."""
    return format_html(
        '<span class="mark mark-soft {} {}" aria-hidden="true">{}</span>',
        hue(name),
        css,
        name.strip()[:1].upper(),
    )


@register.simple_tag
def meter(value: int | None, total: int | None, label: str = "") -> SafeString:
    """Draw how much of `total` is used; a full one has the warning colour; `label` says it in words."""
    used, whole = value or 0, total or 0
    percent = min(100, round(100 * used / whole)) if whole else 0
    fill = "fill fill-warn" if whole and used >= whole else "fill"
    return format_html(
        '<svg class="meter" role="img" aria-label="{}" preserveAspectRatio="none">'
        '<rect class="track" width="100%" height="6" rx="3"/>'
        '<rect class="{}" width="{}%" height="6" rx="3"/></svg>',
        label or f"{used} of {whole}",
        fill,
        percent,
    )


@register.simple_tag
def status_badge(status: object, label: str = "") -> SafeString:
    """Draw a status as word and colour: `status` chooses the tone, `label` is the word."""
    value = str(getattr(status, "value", status) or "")
    tone = TONES.get(value, "")
    return format_html(
        '<span class="badge dot {}">{}</span>',
        f"t-{tone}" if tone else "",
        label or value.replace("_", " ").capitalize(),
    )


@register.simple_tag
def local_time(value: dt.datetime | dt.date | None, style: str = "datetime", empty: str = "Never") -> SafeString:
    """Draw a moment: in the browser's zone, and in UTC without JavaScript.

    `style` is `datetime`, `date`, `time`, `day` or `relative` ("5 minutes ago"); `empty` stands for None.
    """
    if value is None:
        return format_html('<span class="subtle">{}</span>', empty)
    if not isinstance(value, dt.datetime):  # a day has no zone: every browser shows the same
        text = dateformat.format(value, TIME_FORMATS["day" if style == "day" else "date"])
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)
    moment = (value if timezone.is_aware(value) else value.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    full = dateformat.format(moment, TIME_FORMATS["datetime"])
    text = dateformat.format(moment, TIME_FORMATS.get(style, TIME_FORMATS["datetime"]))
    return format_html(
        '<time datetime="{}" data-local="{}"{} title="{} UTC">{}{}</time>',
        moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "datetime" if style == "relative" else style,
        SafeString(" data-relative") if style == "relative" else "",
        full,
        text,
        " UTC" if style in {"datetime", "relative"} else "",
    )


@register.simple_tag(takes_context=True)
def nav_link(
    context: RequestContext,
    view: str,
    symbol: str,
    label: str,
    *,
    exact: bool = False,
    key: str = "",
    whole: bool = False,
    **kwargs: object,
) -> SafeString:
    """Draw one entry of the side navigation; the current one says so.

    An entry is current on the pages below it too, unless `exact`. `key` is the second letter of its shortcut.
    `whole` has the browser load the page itself, which brings a policy of its own.
    """
    href = reverse(view, kwargs=kwargs or None)
    path = context["request"].path
    is_current = path == href if exact else path.startswith(href)
    return format_html(
        '<a href="{}"{}{}{}>{}<span>{}</span></a>',
        href,
        SafeString(' hx-boost="false"') if whole else "",
        SafeString(' aria-current="page"') if is_current else "",
        format_html(' data-key="g {}"', key) if key else "",
        icon(symbol),
        label,
    )


@register.simple_tag
def palette_option(href: str, symbol: str, label: str, note: str = "") -> SafeString:
    """Draw one place to go to in the command palette; its id is made of the address."""
    return format_html(
        '<div class="menu__i" role="option" id="go-{}" aria-selected="false" data-href="{}">'
        '{}<span class="grow">{}{}</span></div>',
        f"{zlib.crc32(f'{href} {label}'.encode()):08x}",
        href,
        icon(symbol),
        label,
        format_html("<small>{}</small>", note) if note else "",
    )


@register.simple_tag
def took(span: dt.timedelta | None) -> str:
    """Say how long something took: milliseconds below a second, then seconds, then minutes."""
    if span is None:
        return "Not yet"
    seconds = span.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
