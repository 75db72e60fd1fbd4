"""The payments stand-in answers as Stripe describes it, asked with Stripe's own library."""

from __future__ import annotations

from decimal import Decimal

import pytest
import stripe

from devstack.payments import API_VERSION
from devstack.payments.routes import ROUTES
from devstack.payments.seed import PLANS
from tests.contract import description
from tests.contract.payments_server import Payments, control


def test_description_is_of_the_version_we_pin() -> None:
    assert description.VERSION == API_VERSION == stripe.api_version


def test_every_route_is_one_of_stripes() -> None:
    ours = {route.name for route in ROUTES if route.pattern.startswith("/v1/")}
    assert {name for name in ours if description.route_of(*name.replace("{}", "x").split(" ")) != name} == set()


def test_plans_are_seeded_with_a_price_each(payments: Payments) -> None:
    keys = ["starter_eur_month", "business_eur_year", "enterprise_jpy_month", "business_kwd_month", "starter_isk_year"]
    prices = payments.stripe.v1.prices.list({"lookup_keys": keys}).data
    assert {price.lookup_key: (price.id, price.unit_amount, price.currency) for price in prices} == {
        "starter_eur_month": ("price_DezkyStarter", 1200, "eur"),
        "business_eur_year": ("price_DezkyBusinessEurYear", 17000, "eur"),
        "enterprise_jpy_month": ("price_DezkyEnterpriseJpyMonth", 3500, "jpy"),
        "business_kwd_month": ("price_DezkyBusinessKwdMonth", 5700, "kwd"),
        "starter_isk_year": ("price_DezkyStarterIskYear", 1800000, "isk"),
    }
    products = payments.stripe.v1.products.list({"expand": ["data.default_price"]}).data
    assert {product.name for product in products} == {"Starter", "Business", "Enterprise"}
    assert all(isinstance(product.default_price, stripe.Price) for product in products)
    for plan in PLANS:
        assert payments.ask(f"/v1/products/{plan.product_id}?expand[]=default_price")[0] == 200
        for currency, interval, _ in plan.prices():
            assert payments.ask(f"/v1/prices/{plan.price_id(currency, interval)}")[0] == 200


def test_objects_have_the_described_fields(payments: Payments) -> None:
    client = payments.stripe.v1
    product = client.products.create({"name": "Archive", "metadata": {"kind": "extra"}, "images": []})
    price = client.prices.create(
        {
            "currency": "EUR",
            "product": product.id,
            "unit_amount_decimal": Decimal("12.5"),
            "recurring": {"interval": "week"},
        }
    )
    customer = client.customers.create(
        {
            "email": "billing@acme.test",
            "name": "Acme AS",
            "address": {"line1": "Storgata 1", "country": "NO"},
            "shipping": {"name": "Acme", "address": {"line1": "Storgata 1"}},
            "preferred_locales": ["nb", "en"],
        }
    )
    for kind, path in (("product", "products"), ("price", "prices"), ("customer", "customers")):
        made = {"product": product.id, "price": price.id, "customer": customer.id}[kind]
        assert payments.ask(f"/v1/{path}/{made}")[0] == 200
    assert (price.unit_amount, str(price.unit_amount_decimal), price.type) == (None, "12.5", "recurring")
    assert client.customers.retrieve(customer.id).to_dict() == customer.to_dict()


def test_update_merges_metadata_and_unsets_by_empty_string(payments: Payments) -> None:
    client = payments.stripe.v1.customers
    made = client.create({"name": "Acme", "phone": "1", "metadata": {"tenant": "acme", "old": "x"}})
    changed = client.update(made.id, {"phone": "", "metadata": {"old": "", "new": "y"}})
    assert changed.phone is None
    assert changed.to_dict()["metadata"] == {"tenant": "acme", "new": "y"}
    assert client.retrieve(made.id).to_dict() == changed.to_dict()


def test_list_pages_newest_first(payments: Payments) -> None:
    client = payments.stripe.v1.customers
    made = [client.create({"name": f"Customer {number}"}).id for number in range(5)]
    first = client.list({"limit": 2})
    assert [each.id for each in first.data] == [made[4], made[3]]
    assert first.has_more is True
    last = client.list({"limit": 3, "starting_after": made[3]})
    assert [each.id for each in last.data] == [made[2], made[1], made[0]]
    assert last.has_more is False
    back = client.list({"limit": 2, "ending_before": made[1]})
    assert [each.id for each in back.data] == [made[3], made[2]]
    assert [each.id for each in client.list({"limit": 2}).auto_paging_iter()] == made[::-1]


def test_idempotency_key_repeats_the_answer(payments: Payments) -> None:
    headers = {"Idempotency-Key": "once"}
    _, first, seen = payments.ask("/v1/customers", body="name=Acme", headers=headers)
    _, again, replayed = payments.ask("/v1/customers", body="name=Acme", headers=headers)
    assert again == first
    assert ("Idempotent-Replayed" in seen, replayed["Idempotent-Replayed"]) == (False, "true")
    status, error, _ = payments.ask("/v1/customers", body="name=Other", headers=headers)
    assert (status, error["error"]["type"]) == (400, "idempotency_error")
    assert len(payments.stripe.v1.customers.list().data) == 1


@pytest.mark.parametrize(("key", "words"), [(None, "did not provide"), ("sk_test_wrong_wrong_wrong", "sk_test_***")])
def test_wrong_key_is_401_in_stripes_shape(payments: Payments, key: str | None, words: str) -> None:
    status, error, _ = payments.ask("/v1/customers", key=key)
    assert status == 401
    assert words in error["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "param"),
    [
        ("/v1/nothing", None, 404, None, None),
        ("/v1/customers/cus_none", None, 404, "resource_missing", "id"),
        ("/v1/customers", "colour=red", 400, "parameter_unknown", "colour"),
        ("/v1/customers", "address[planet]=mars", 400, "parameter_unknown", "address[planet]"),
        ("/v1/customers", "email=nonsense", 400, "email_invalid", "email"),
        ("/v1/products", "active=true", 400, "parameter_missing", "name"),
        ("/v1/products", "name=", 400, "parameter_invalid_empty", "name"),
        ("/v1/prices", "currency=eur&product=prod_none&unit_amount=1", 400, "resource_missing", "product"),
        (
            "/v1/prices",
            "currency=eur&product=prod_DezkyStarter&unit_amount=-1",
            400,
            "parameter_invalid_integer",
            "unit_amount",
        ),
        (
            "/v1/prices",
            "currency=eur&product=prod_DezkyStarter&unit_amount=1&lookup_key=starter_eur_month",
            400,
            None,
            "lookup_key",
        ),
        ("/v1/customers?limit=0", None, 400, None, "limit"),
        ("/v1/customers?starting_after=cus_none", None, 400, "resource_missing", "starting_after"),
        ("/v1/customers", "metadata[a=1", 400, None, "metadata[a"),
    ],
)
def test_refusals_have_stripes_shape(
    payments: Payments, path: str, body: str | None, status: int, code: str | None, param: str | None
) -> None:
    found, error, headers = payments.ask(path, body=body)
    assert (found, error["error"].get("code"), error["error"].get("param")) == (status, code, param)
    assert error["error"]["type"] == "invalid_request_error"
    assert headers["Request-Id"].startswith("req_")


def test_other_version_is_refused(payments: Payments) -> None:
    status, error, headers = payments.ask("/v1/customers", headers={"Stripe-Version": "2020-08-27"})
    assert (status, headers["Stripe-Version"]) == (400, API_VERSION)
    assert "2020-08-27" in error["error"]["message"]


def test_lookup_key_moves_when_asked(payments: Payments) -> None:
    client = payments.stripe.v1.prices
    price = client.create(
        {
            "currency": "eur",
            "product": "prod_DezkyStarter",
            "unit_amount": 1300,
            "lookup_key": "starter_eur_month",
            "transfer_lookup_key": True,
        }
    )
    assert [each.id for each in client.list({"lookup_keys": ["starter_eur_month"]}).data] == [price.id]
    assert client.retrieve("price_DezkyStarter").lookup_key is None


def test_control_makes_it_misbehave_until_a_reset(payments: Payments) -> None:
    client = payments.stripe.v1.customers
    control(payments.url, action="status", status=429)
    with pytest.raises(stripe.RateLimitError):
        client.list()
    control(payments.url, action="slow", seconds=0.01)
    assert client.list().data == []
    control(payments.url, action="down")
    with pytest.raises(stripe.APIConnectionError):
        client.list()
    control(payments.url, action="reset")
    assert client.list().data == []
