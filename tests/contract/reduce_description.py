"""Makes data/stripe-schemas.json of Stripe's OpenAPI description: the routes we use, as strict JSON Schema.

    python -m tests.contract.reduce_description spec3.json[.gz]

`nullable` becomes a type, an object takes the properties that it names and no others, and what only other ways to
pay than cards would need is left out: it may not appear.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

TARGET = Path(__file__).parent / "data" / "stripe-schemas.json"
_HTTP_METHODS = ("get", "post", "delete")
# Every route of the stand-in begins with one of these; whole resources, since a method more costs little.
_PATHS = (
    "/v1/charges",
    "/v1/coupons",
    "/v1/customers/{customer}",
    "/v1/customers/{customer}/balance_transactions",
    "/v1/customers/{customer}/payment_methods",
    "/v1/customers/{customer}/payment_methods/{payment_method}",
    "/v1/customers/{customer}/tax_ids",
    "/v1/customers/{customer}/tax_ids/{id}",
    "/v1/customers",
    "/v1/events",
    "/v1/invoice_payments",
    "/v1/invoiceitems",
    "/v1/invoices",
    "/v1/invoices/create_preview",
    "/v1/payment_intents",
    "/v1/payment_methods",
    "/v1/prices",
    "/v1/products",
    "/v1/promotion_codes",
    "/v1/refunds",
    "/v1/setup_intents",
    "/v1/subscription_items",
    "/v1/subscriptions",
    "/v1/tax_rates",
    "/v1/webhook_endpoints",
)
_ACTIONS = ("attach", "cancel", "confirm", "detach", "finalize", "lines", "pay", "send", "void", "mark_uncollectible")
# Objects that the stand-in never makes.
_STRANGERS = frozenset(
    {
        "account",
        "application",
        "application_fee",
        "balance_transaction",
        "bank_account",
        "card",
        "cash_balance",
        "connect_collection_transfer",
        "credit_note",
        "file",
        "file_link",
        "issuing.authorization",
        "issuing.transaction",
        "mandate",
        "payment_record",
        "quote",
        "review",
        "rule",
        "setup_attempt",
        "source",
        "subscription_schedule",
        "test_helpers.test_clock",
        "transfer",
        "transfer_reversal",
    }
)
_KEPT_KEYS = ("enum", "format", "maxLength", "pattern", "required")


class _Reduction:
    def __init__(self, description: dict[str, Any]) -> None:
        self._schemas: dict[str, Schema] = description["components"]["schemas"]
        kinds = self._schemas["payment_method"]["properties"]["type"]["enum"]
        self._other_payments = {*kinds, "acss_debit", "wechat", "ach_credit_transfer", "ach_debit"} - {"card"}
        self._other_payments -= {"customer_balance", "custom"}
        self.kept: dict[str, Schema] = {}

    def strict(self, schema: Schema) -> Any:
        """Return a schema in strict JSON Schema, and keep what it refers to."""
        if "$ref" in schema:
            return self._reference(schema["$ref"].rpartition("/")[2])
        made: Schema = {name: schema[name] for name in _KEPT_KEYS if name in schema}
        if "anyOf" in schema:
            options = [self.strict(option) for option in schema["anyOf"]]
            made["anyOf"] = [option for option in options if option is not False]
            if not made["anyOf"]:
                return {"type": "null"} if schema.get("nullable") else False
        if schema.get("type"):
            made["type"] = schema["type"]
        if "items" in schema:
            made["items"] = self.strict(schema["items"])
        if schema.get("properties"):
            made["properties"] = {
                name: self.strict(each)
                for name, each in schema["properties"].items()
                if name not in self._other_payments
            }
        if schema.get("type") == "object" and (schema.get("properties") or "additionalProperties" in schema):
            extra = schema.get("additionalProperties", False)
            made["additionalProperties"] = self.strict(extra) if isinstance(extra, dict) else extra
        return _or_null(made) if schema.get("nullable") else made

    def _reference(self, name: str) -> Any:
        if name in _STRANGERS:
            return False
        if name not in self.kept:
            self.kept[name] = {}
            self.kept[name] = self.strict(self._schemas[name])
        return {"$ref": f"#/$defs/{name}"}


def _or_null(schema: Schema) -> Schema:
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    made = dict(schema)
    if "type" in made:
        made["type"] = [made["type"], "null"]
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    return made


def reduce(description: dict[str, Any]) -> dict[str, Any]:
    """Return version, schemas (`$defs`) and routes: `GET /v1/customers/{}` with its request and response."""
    reduction = _Reduction(description)
    routes = {}
    for path, methods in description["paths"].items():
        if not _is_ours(path):
            continue
        for method in _HTTP_METHODS:
            if method in methods:
                pattern = "/".join("{}" if part.startswith("{") else part for part in path.split("/"))
                routes[f"{method.upper()} {pattern}"] = _route(reduction, methods[method])
    reduction.strict({"$ref": "#/components/schemas/error"})
    return {
        "note": "Made by tests/contract/reduce_description.py; what only other ways to pay would need is left out.",
        "source": "https://github.com/stripe/openapi (MIT)",
        "version": description["info"]["version"],
        "routes": routes,
        "$defs": dict(sorted(reduction.kept.items())),
    }


def _is_ours(path: str) -> bool:
    if path in _PATHS:
        return True
    resource, _, rest = path.removeprefix("/v1/").partition("/")
    last = rest.rpartition("/")[2]
    is_one = rest.startswith("{") and "/" not in rest
    return f"/v1/{resource}" in _PATHS and resource != "customers" and (is_one or last in _ACTIONS)


def _route(reduction: _Reduction, operation: dict[str, Any]) -> Schema:
    query = [each for each in operation.get("parameters", []) if each["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/x-www-form-urlencoded", {})
    request = {
        "type": "object",
        "properties": {each["name"]: each["schema"] for each in query},
        "required": [each["name"] for each in query if each.get("required")],
        **(body.get("schema", {}) if not query else {}),
    }
    response = operation["responses"]["200"]["content"]["application/json"]["schema"]
    return {"request": _lean(reduction.strict(request)), "response": reduction.strict(response)}


def _lean(schema: Any) -> Any:
    """Leave out what a request need not be checked for: the bounds of its strings."""
    if isinstance(schema, dict):
        return {name: _lean(each) for name, each in schema.items() if name != "maxLength"}
    if isinstance(schema, list):
        return [_lean(each) for each in schema]
    return schema


def main() -> None:
    """Read the description named on the command line and write the reduced one."""
    raw = Path(sys.argv[1]).read_bytes()
    description = json.loads(gzip.decompress(raw) if sys.argv[1].endswith(".gz") else raw)
    TARGET.write_text(_in_lines(reduce(description)))


def _in_lines(reduced: dict[str, Any]) -> str:
    """Return JSON with a line for each route and schema, so that a new version shows what it changed."""
    parts = []
    for name, value in reduced.items():
        if isinstance(value, dict):
            lines = [f"{json.dumps(key)}: {json.dumps(each, separators=(',', ':'))}" for key, each in value.items()]
            parts.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
