"""Who may speak of Stripe, and how: dj-stripe mirrors and nothing else, stripe-python sends through our transport."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "tenants", "billing", "partner", "tenant_portal", "operator_portal", "config")
# Where each package may be imported, with the reason.
MAY_IMPORT = {
    "djstripe": {"billing/mirror.py": "it keeps the mirror"},
    "stripe": {
        "billing/gateway/transport.py": "every call goes through it",
        "billing/mirror.py": "it makes stripe-python's objects of plain ones, and closes its globals' way out",
    },
}
# dj-stripe 2.11 on API version 2026-08-26.dahlia: each is wrong, crashes, or calls Stripe by itself.
BANNED = {
    "subscribe": "Customer.subscribe(items=…) loses the quantity",
    "is_period_current": "crashes: periods are on items now",
    "upcoming": "calls Stripe by stripe-python's globals",
    "upcoming_invoice": "as upcoming",
    "retry": "Invoice.retry calls Stripe without a stored key",
    "charge": "Customer.charge multiplies by 100 also for JPY",
    "add_payment_method": "calls Stripe without a stored key",
    "api_retrieve": "calls Stripe by stripe-python's globals",
    "api_list": "as api_retrieve",
    "_sync_invoices": "as api_retrieve",
    "_sync_charges": "as api_retrieve",
    "_sync_subscriptions": "as api_retrieve",
    "_sync_product_features": "as api_retrieve",
    "get_or_retrieve_for_api_key": "keeps the secret key in plain text",
    "djstripe_process_events": "fails on PostgreSQL",
    "djstripe_sync_models": "calls Stripe by stripe-python's globals",
}
MODELS = ("Customer", "Subscription", "SubscriptionItem", "Invoice", "PaymentMethod", "Price", "Product", "Event")


def _files() -> Iterator[Path]:
    for app in APPS:
        yield from (path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def _imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.split(".")[0])
    return found


def _banned_calls(tree: ast.AST) -> set[str]:
    """Return what is called of the list, and what is called on the models but for keeping and finding rows."""
    found = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in BANNED:
            found.add(node.func.attr)
        owner = node.func.value
        is_model = isinstance(owner, ast.Attribute) and owner.attr in MODELS
        if is_model and node.func.attr not in ("sync_from_stripe_data", "_stripe_object_to_record"):
            found.add(node.func.attr)
    return found


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_only_the_named_files_import_it(package: str) -> None:
    found = {str(path.relative_to(ROOT)) for path in _files() if package in _imported(ast.parse(path.read_text()))}
    assert found <= set(MAY_IMPORT[package])
    assert found, "the list has gone stale"


def test_nobody_calls_what_is_wrong_in_djstripe() -> None:
    importers = [path for path in _files() if "djstripe" in _imported(ast.parse(path.read_text()))]
    assert {str(path.relative_to(ROOT)): _banned_calls(ast.parse(path.read_text())) for path in importers} == {
        "billing/mirror.py": set()
    }


@pytest.mark.parametrize(
    "line",
    [
        "customer.subscribe(items=[])",
        "djstripe.Invoice.upcoming(customer='cus_1')",
        "invoice.retry()",
        "djstripe.Customer.create(tenant)",
        "call_command('x').djstripe_process_events()",
    ],
)
def test_the_ban_sees_each_way(line: str) -> None:
    assert _banned_calls(ast.parse(line)) != set()
