"""What a browser sees of the stand-in: Stripe.js and its frames, the bank's page, invoices, and an overview."""

from __future__ import annotations

from devstack.payments import browser_files, challenge_page, home_page, invoice_page
from devstack.payments.routing import Route

ROUTES: tuple[Route, ...] = (
    *browser_files.routes(),
    Route("GET", "/", home_page.show, is_open=True),
    Route("GET", "/_3ds/{}", challenge_page.show, is_open=True),
    Route("GET", "/i/{}", invoice_page.show, is_open=True),
    Route("GET", "/i/{}/pdf", invoice_page.pdf, is_open=True),
    Route("POST", "/i/{}/pay", invoice_page.pay, is_open=True),
)
