"""Customers, their tax numbers, and what is expanded of them."""

from __future__ import annotations

import pytest
import stripe

from tests.contract.payments_server import Payments, control


def _types(payments: Payments) -> list[str]:
    return [str(each.type) for each in payments.stripe.v1.events.list({"limit": 50}).data][::-1]


def test_customer_has_what_our_product_sends(payments: Payments) -> None:
    client = payments.stripe.v1
    customer = client.customers.create(
        {
            "name": "Acme GmbH",
            "email": "billing@acme.test",
            "address": {"line1": "Unter den Linden 1", "city": "Berlin", "postal_code": "10117", "country": "DE"},
            "preferred_locales": ["de"],
            "tax_exempt": "none",
            "tax": {"validate_location": "immediately"},
            "tax_id_data": [{"type": "eu_vat", "value": "DE123456789"}],
            "metadata": {"tenant": "acme"},
            "balance": -500,
            "expand": ["tax", "tax_ids"],
        }
    )
    assert (customer.balance, customer.preferred_locales) == (-500, ["de"])
    assert customer.tax is not None
    assert customer.tax_ids is not None
    assert (customer.tax.automatic_tax, customer.tax.location and customer.tax.location.country) == ("supported", "DE")
    assert [(each.value, each.country) for each in customer.tax_ids.data] == [("DE123456789", "DE")]
    changed = client.customers.update(customer.id, {"address": "", "preferred_locales": ["de", "en"]})
    assert (changed.address, changed.preferred_locales) == (None, ["de", "en"])
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.customers.update(customer.id, {"tax": {"validate_location": "immediately"}})
    assert refused.value.code == "customer_tax_location_invalid"
    assert _types(payments) == ["customer.created", "customer.tax_id.created", "customer.updated"]


def test_default_method_must_be_the_customers(payments: Payments) -> None:
    client = payments.stripe.v1
    customer, other = (client.customers.create({"name": name}) for name in ("Acme", "Other"))
    method = client.payment_methods.attach("pm_card_visa", {"customer": other.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})
    assert (refused.value.code, refused.value.param) == (
        "resource_missing",
        "invoice_settings[default_payment_method]",
    )


def test_deleted_customer_leaves_a_mark(payments: Payments) -> None:
    client = payments.stripe.v1
    customer = client.customers.create({"name": "Acme", "payment_method": "pm_card_visa"})
    assert client.customers.delete(customer.id).to_dict() == {"id": customer.id, "object": "customer", "deleted": True}
    assert client.customers.retrieve(customer.id).to_dict()["deleted"] is True
    assert client.customers.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.customers.update(customer.id, {"name": "Again"})
    assert _types(payments)[-2:] == ["payment_method.detached", "customer.deleted"]


@pytest.mark.parametrize(
    ("kind", "value", "status"),
    [
        ("eu_vat", "DE123456789", "verified"),
        ("eu_vat", "DE000000000", "verified"),
        ("eu_vat", "111111111", "unverified"),
        ("eu_vat", "DE222222222", "pending"),
        ("eu_vat", "DE333333333", "unavailable"),
        ("gb_vat", "GB980780684", "verified"),
        ("no_vat", "123456789MVA", "unavailable"),
    ],
)
def test_tax_number_is_verified_in_two_seconds(payments: Payments, kind: str, value: str, status: str) -> None:
    client = payments.stripe.v1
    control(payments.url, action="clock", to="2026-12-31T10:00:00Z", frozen=True)
    customer = client.customers.create({"name": "Acme"})
    made = client.customers.tax_ids.create(customer.id, {"type": kind, "value": value})
    first = "unavailable" if kind == "no_vat" else "pending"
    assert made.verification is not None
    assert made.verification.status == first
    control(payments.url, action="clock", advance_seconds=2)
    found = client.customers.tax_ids.retrieve(customer.id, made.id)
    assert found.verification is not None
    assert found.verification.status == status
    told = payments.stripe.v1.events.list({"type": "customer.tax_id.updated"}).data
    assert [each.created for each in told] == ([] if status == first else [made.created + 2])


@pytest.mark.parametrize(
    ("kind", "value"), [("eu_vat", "DE12345678"), ("eu_vat", "XX123456789"), ("no_vat", "123456789"), ("gb_vat", "GB1")]
)
def test_tax_number_of_a_wrong_format_is_refused(payments: Payments, kind: str, value: str) -> None:
    client = payments.stripe.v1
    customer = client.customers.create({"name": "Acme"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.customers.tax_ids.create(customer.id, {"type": kind, "value": value})
    assert refused.value.code == "tax_id_invalid"
    assert client.customers.tax_ids.list(customer.id).data == []


def test_tax_number_is_deleted(payments: Payments) -> None:
    client = payments.stripe.v1
    customer = client.customers.create({"tax_id_data": [{"type": "eu_vat", "value": "FR12123456789"}]})
    made = client.customers.tax_ids.list(customer.id).data[0]
    assert client.customers.tax_ids.delete(customer.id, made.id).deleted is True
    assert client.customers.tax_ids.list(customer.id).data == []
    assert _types(payments)[-1] == "customer.tax_id.deleted"


def test_expansion_goes_deep_and_refuses_what_points_nowhere(payments: Payments) -> None:
    client = payments.stripe.v1
    customer = client.customers.create({"payment_method": "pm_card_visa"})
    methods = client.payment_methods.list({"customer": customer.id}).data
    client.customers.update(customer.id, {"invoice_settings": {"default_payment_method": methods[0].id}})
    path = "data.invoice_settings.default_payment_method.customer"
    listed = client.customers.list({"expand": [path]}).to_dict()["data"][0]
    assert listed["invoice_settings"]["default_payment_method"]["customer"]["id"] == customer.id
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.customers.retrieve(customer.id, {"expand": ["name"]})
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.customers.retrieve(customer.id, {"expand": ["nothing"]})
