"""An invoice as a PDF of one page or more, written by hand: a font that every reader has, text and lines.

The format is ISO 32000's; a library would bring fonts and images that a demo's invoice does not need.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from devstack.payments.amounts import format_amount
from devstack.payments.invoice_sums import sums_of
from devstack.payments.objects import Object
from devstack.payments.page_html import day

_WIDTH, _HEIGHT, _MARGIN = 595, 842, 56
_RIGHT = _WIDTH - _MARGIN
_LAST_LINE = 110
# Helvetica's widths in thousandths of the size, for what is set to the right: digits, and what stands between them.
_WIDTHS = {",": 278, ".": 278, " ": 278, "-": 333, "€": 556, "$": 556, "£": 556, "¥": 556}
# Signs and letters that the encoding lacks and that are no other letter with an accent.
_OTHERS = str.maketrans({"\u2212": "-", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "\u0131": "i"})
_DIGIT, _CAPITAL, _SMALL = 556, 720, 520


@dataclass
class _Pages:
    """Lays text out from the top down, and begins a new page where one is full."""

    pages: list[list[str]] = field(default_factory=lambda: [[]])
    y: float = _HEIGHT - _MARGIN

    def text(self, words: str, x: float = _MARGIN, *, size: int = 10, is_bold: bool = False) -> None:
        font = "F2" if is_bold else "F1"
        self.pages[-1].append(f"BT /{font} {size} Tf {x:.1f} {self.y:.1f} Td ({_escape(words)}) Tj ET")

    def right(self, words: str, x: float = _RIGHT, *, size: int = 10, is_bold: bool = False) -> None:
        self.text(words, x - _width(words) * size / 1000, size=size, is_bold=is_bold)

    def rule(self) -> None:
        self.pages[-1].append(f"0.8 G {_MARGIN} {self.y:.1f} m {_RIGHT} {self.y:.1f} l S 0 G")

    def down(self, points: float) -> None:
        self.y -= points
        if self.y < _LAST_LINE:
            self.pages.append([])
            self.y = _HEIGHT - _MARGIN


def to_pdf(invoice: Object) -> bytes:
    """Return an invoice's PDF: number, parties, lines, taxes and totals."""
    pages = _Pages()
    _head(pages, invoice)
    _lines(pages, invoice)
    _sums(pages, invoice)
    return _file([("\n".join(page)).encode("cp1252", "replace") for page in pages.pages])


def _head(pages: _Pages, invoice: Object) -> None:
    currency = invoice["currency"]
    pages.text("Invoice", size=22, is_bold=True)
    pages.right(invoice.get("account_name") or "Dezky", size=12, is_bold=True)
    pages.down(30)
    for name, value in (
        ("Invoice number", invoice.get("number") or invoice["id"]),
        ("Date of issue", day(invoice.get("effective_at") or invoice["created"])),
        ("Date due", day(invoice.get("due_date") or invoice.get("effective_at") or invoice["created"])),
        ("Status", invoice["status"].title()),
    ):
        pages.text(name, is_bold=True)
        pages.text(value, _MARGIN + 110)
        pages.down(15)
    pages.down(12)
    pages.text("Bill to", is_bold=True)
    for line in _recipient(invoice):
        pages.down(14)
        pages.text(line)
    pages.down(30)
    due = format_amount(invoice["amount_remaining"], currency)
    pages.text(f"{due} due" if invoice["amount_remaining"] else "Nothing due", size=16, is_bold=True)
    pages.down(30)


def _recipient(invoice: Object) -> list[str]:
    address = invoice.get("customer_address") or {}
    town = " ".join(part for part in (address.get("postal_code"), address.get("city")) if part)
    numbers = [
        f"{each['type'].replace('_', ' ').upper()} {each['value']}" for each in invoice["customer_tax_ids"] or []
    ]
    found = [invoice.get("customer_name"), address.get("line1"), address.get("line2"), town, address.get("country")]
    return [part for part in (*found, invoice.get("customer_email"), *numbers) if part]


def _lines(pages: _Pages, invoice: Object) -> None:
    pages.text("Description", is_bold=True)
    pages.right("Qty", _RIGHT - 110, is_bold=True)
    pages.right("Amount", is_bold=True)
    pages.down(8)
    pages.rule()
    pages.down(16)
    for line in invoice["lines"]["data"]:
        first, *rest = _wrapped(line.get("description") or "-", 62)
        pages.text(first)
        pages.right(str(line.get("quantity") or ""), _RIGHT - 110)
        pages.right(format_amount(line["amount"], invoice["currency"]))
        for words in rest:
            pages.down(13)
            pages.text(words)
        pages.down(13)
        pages.text(f"{day(line['period']['start'])} to {day(line['period']['end'])}", size=9)
        pages.down(18)
    pages.rule()
    pages.down(18)


def _sums(pages: _Pages, invoice: Object) -> None:
    for name, amount in sums_of(invoice):
        is_last = name == "Amount due"
        pages.text(name, _RIGHT - 250, is_bold=is_last)
        pages.right(format_amount(amount, invoice["currency"]), is_bold=is_last)
        pages.down(16)


def _wrapped(words: str, width: int) -> list[str]:
    rows = [""]
    for word in words.split():
        if rows[-1] and len(rows[-1]) + len(word) >= width:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return rows


def _width(words: str) -> int:
    return sum(
        _WIDTHS.get(letter, _DIGIT if letter.isdigit() else _CAPITAL if letter.isupper() else _SMALL)
        for letter in _plain(words)
    )


def _plain(words: str) -> str:
    """Return the words in letters of the font's encoding; a letter beyond it loses its accent."""
    kept = []
    for letter in words.translate(_OTHERS):
        try:
            letter.encode("cp1252")
            kept.append(letter)
        except UnicodeEncodeError:
            kept.append(unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode() or "?")
    return "".join(kept)


def _escape(words: str) -> str:
    return _plain(words).replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").replace("\n", " ")


def _file(streams: list[bytes]) -> bytes:
    """Return the file: the objects one after the other, and the table that says where each begins."""
    kids = " ".join(f"{5 + 2 * index} 0 R" for index in range(len(streams)))
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(streams)} >>".encode(),
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    ]
    for index, stream in enumerate(streams):
        resources = "<< /Font << /F1 3 0 R /F2 4 0 R >> >>"
        about = f"/Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] /Resources {resources}"
        objects.append(f"<< /Type /Page {about} /Contents {6 + 2 * index} 0 R >>".encode())
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    written, places = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer
