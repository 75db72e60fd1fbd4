"""Events as Stripe lists them."""

from __future__ import annotations

import pytest
import stripe

from tests.contract.payments_server import Payments, control


def test_update_tells_what_it_was_before(payments: Payments) -> None:
    client = payments.stripe.v1
    made = client.customers.create({"name": "Acme", "metadata": {"tenant": "acme", "seats": "4"}})
    client.customers.update(made.id, {"metadata": {"seats": "5"}}, {"idempotency_key": "key-1"})
    client.customers.update(made.id, {"metadata": {"seats": "5"}})
    updated, created = client.events.list({"limit": 5}).data
    assert (created.type, created.data.object["name"]) == ("customer.created", "Acme")
    assert updated.type == "customer.updated"
    assert updated.data.previous_attributes is not None
    assert updated.data.previous_attributes.to_dict() == {"metadata": {"seats": "4"}}
    assert updated.data.object["metadata"].to_dict() == {"tenant": "acme", "seats": "5"}
    assert updated.to_dict()["request"]["idempotency_key"] == "key-1"
    assert client.events.retrieve(updated.id).to_dict() == updated.to_dict()


def test_list_is_narrowed_by_type_and_time(payments: Payments) -> None:
    client = payments.stripe.v1
    control(payments.url, action="clock", to="2026-01-31T10:00:00Z", frozen=True)
    customer = client.customers.create({"name": "Acme"})
    control(payments.url, action="clock", advance_seconds=60)
    client.customers.update(customer.id, {"name": "Acme AS"})
    client.products.create({"name": "Archive"})
    types = ["customer.created", "product.created"]
    assert [each.type for each in client.events.list({"types": types}).data] == types[::-1]
    assert [each.type for each in client.events.list({"type": "customer.updated"}).data] == ["customer.updated"]
    older = client.events.list({"created": {"lt": customer.created + 60}}).data
    assert [each.type for each in older] == ["customer.created"]
    newest = client.events.list({"limit": 1})
    assert newest.has_more
    after = client.events.list({"starting_after": newest.data[0].id}).data
    assert [each.type for each in after] == ["customer.updated", "customer.created"]


def test_events_are_kept_for_30_days(payments: Payments) -> None:
    client = payments.stripe.v1
    client.customers.create({"name": "Acme"})
    event = client.events.list().data[0]
    control(payments.url, action="clock", advance_seconds=31 * 24 * 3600)
    assert client.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        client.events.retrieve(event.id)
