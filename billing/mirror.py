"""dj-stripe's tables as a mirror: what Stripe said last, word for word, and the tenant as its subscriber.

dj-stripe stores what it is given and is never let near the network: its own calls are broken for today's API
(docs/adr/0010) and would keep our secret key in plain text. It gets a name for a key that opens nothing, and a
transport that refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import stripe
from django.conf import settings
from djstripe import models as djstripe
from djstripe.enums import APIKeyType

from billing.gateway.transport import Object
from billing.snapshot import Snapshot

_NO_KEY = ("sk_live_" if settings.STRIPE_LIVE_MODE else "sk_test_") + "onlyAMirrorThisOpensNothing"


_OWNER = "acct_ours"


class RefusingClient(stripe.HTTPClient):
    """A transport that sends nothing: whoever calls Stripe by stripe-python's globals finds out at once."""

    name = "refusing"

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,  # noqa: ARG002 - stripe-python's signature
        post_data: Any = None,  # noqa: ARG002 - as above
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Refuse.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError(f"only billing.gateway calls Stripe, not {method} {url}")


def keep_off_the_network() -> None:
    """Give stripe-python's globals, which dj-stripe uses, a transport that refuses."""
    stripe.default_http_client = RefusingClient()
    stripe.enable_telemetry = False


def _ensure_owner() -> None:
    """Name an owner of all objects, so that dj-stripe doesn't ask whose key that is."""
    if djstripe.APIKey.objects.filter(secret=_NO_KEY, djstripe_owner_account__isnull=False).exists():
        return
    owner, _ = djstripe.Account.objects.get_or_create(id=_OWNER)
    djstripe.APIKey.objects.update_or_create(
        secret=_NO_KEY,
        defaults={
            "type": APIKeyType.secret,
            "livemode": settings.STRIPE_LIVE_MODE,
            "name": "none: the mirror calls nobody",
            "djstripe_owner_account": owner,
        },
    )


def store(snapshot: Snapshot) -> None:
    """Keep a snapshot; runs in the caller's transaction, in the operator's scope.

    What an object refers to comes before it, so that dj-stripe finds everything here.
    """
    _ensure_owner()
    customer = dict(snapshot.customer)
    if customer.get("deleted"):
        djstripe.Customer.objects.filter(id=customer["id"]).update(subscriber=None)
        return
    for subscription in snapshot.subscriptions:
        for item in subscription["items"]["data"]:
            _store_price(item["price"])
    for price in snapshot.prices:
        _store_price(price)
    method = (customer.get("invoice_settings") or {}).get("default_payment_method")
    if not djstripe.Customer.objects.filter(id=customer["id"]).exists():
        without_card = {**customer["invoice_settings"], "default_payment_method": None}
        _store(djstripe.Customer, [{**customer, "invoice_settings": without_card}])
    if isinstance(method, dict):
        _store(djstripe.PaymentMethod, [{**method, "customer": customer["id"]}])
    _store(djstripe.Customer, [customer])
    lean = [_lean(each, "default_payment_method", "latest_invoice") for each in snapshot.subscriptions]
    _store(djstripe.Subscription, lean)
    _store(djstripe.Invoice, [_lean(each, "default_payment_method") for each in snapshot.invoices])


def store_prices(prices: Iterable[Object]) -> None:
    """Keep the catalogue; as `store`."""
    _ensure_owner()
    for price in prices:
        _store_price(price)


def load(customer_id: str) -> Snapshot | None:
    """Return what is mirrored of a customer and its subscriptions, or None; needs the operator's scope."""
    customer = djstripe.Customer.objects.filter(id=customer_id).first()
    if customer is None:
        return None
    subscriptions = djstripe.Subscription.objects.filter(customer=customer)
    found = [each.stripe_data for each in subscriptions]
    tiers = {
        price.id: price.stripe_data
        for price in djstripe.Price.objects.filter(id__in=_price_ids(found))
        if price.stripe_data.get("tiers")
    }
    return Snapshot(customer.stripe_data, found, [], list(tiers.values()))


def _price_ids(subscriptions: list[Object]) -> set[str]:
    return {item["price"]["id"] for each in subscriptions for item in each["items"]["data"]}


def _store_price(price: Object) -> None:
    product = price["product"]
    if isinstance(product, dict):
        _store_product(_lean(product, "default_price"))
    elif not djstripe.Product.objects.filter(id=product).exists():
        bare = {
            "id": product,
            "object": "product",
            "name": product,
            "active": True,
            "metadata": {},
            "livemode": price["livemode"],
        }
        _store_product(bare)
    _store(djstripe.Price, [{**price, "product": product["id"] if isinstance(product, dict) else product}])


def _store_product(product: Object) -> None:
    """Keep a product; dj-stripe's own way of it asks Stripe for the product's features each time."""
    if djstripe.Product.objects.filter(id=product["id"], stripe_data=product).exists():
        return
    read = stripe.convert_to_stripe_object(product, api_key=_NO_KEY)
    record = djstripe.Product._stripe_object_to_record(read, api_key=_NO_KEY)  # noqa: SLF001 - see above
    djstripe.Product.objects.update_or_create(id=product["id"], defaults=record)


def _lean(content: Object, *references: str) -> Object:
    """Return an object that names others by id alone, where they are kept elsewhere or not at all."""
    return {**content, **dict.fromkeys(references)}


def _store(model: Any, contents: list[Object]) -> None:
    """Have dj-stripe keep objects; what is mirrored word for word already is left alone."""
    known = dict(model.objects.filter(id__in=[each["id"] for each in contents]).values_list("id", "stripe_data"))
    for content in contents:
        if known.get(content["id"]) != content:
            read = stripe.convert_to_stripe_object(content, api_key=_NO_KEY)
            model.sync_from_stripe_data(read, api_key=_NO_KEY)
