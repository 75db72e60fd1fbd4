"""Billing details: company, VAT number, country and e-mail, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from django.db import Error, connection
from django.db.models import F

from billing import sync, vat, writes
from billing.enums import Operation
from billing.errors import Gone, Moved, Refused
from billing.gateway import reads
from billing.gateway import writes as stripe
from billing.models import BillingAccount
from billing.services.customers import ensure_customer
from billing.services.standing import account_for, patience
from tenants import audit
from tenants.audit import Actor, Change, Thing
from tenants.enums import AuditAction
from tenants.models import Tenant
from tenants.scope import tenant_scope

FIELDS = ("company", "vat_number", "country", "email")


@dataclass(frozen=True)
class BillingInfo:
    """What stands on invoices, and where they are sent."""

    company: str
    vat_number: str
    country: str
    email: str


def update_billing_info(
    *, tenant: Tenant, info: BillingInfo, expected_version: int | None, by: Actor
) -> BillingAccount:
    """Change the billing details at Stripe and here; return the account as it is then.

    `expected_version` is the version that the person saw, or None to change whatever is there.

    Raises:
        Moved: somebody else changed them meanwhile (P3); nothing is changed.
        Refused: the VAT number is none, here or for Stripe; `field` names it.
        StripeAway, NotAllowed: asking again is safe.
    """
    number = _parsed(info)
    with _alone(tenant):
        account = _reserve(tenant, expected_version, by)
        try:
            with patience():
                return _send(tenant, account, info, number, by)
        except Exception:
            _release(tenant, account.details_version)
            raise


@contextmanager
def _alone(tenant: Tenant) -> Iterator[None]:
    """Let one write at a time change a tenant's details; the lock needs no transaction, and dies with its connection.

    Whoever looks meanwhile sees the next version beside the old values: what they write on it has to wait.

    Raises:
        Moved: somebody else is at it.
    """
    key = f"billing details {tenant.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
        if not cursor.fetchone()[0]:
            raise Moved("Somebody else is saving the billing details right now. Look at them again.")
    try:
        yield
    finally:
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])


def _parsed(info: BillingInfo) -> vat.VatNumber | None:
    if not info.vat_number.strip():
        return None
    try:
        return vat.parse(info.country, info.vat_number)
    except vat.BadVat as error:
        raise Refused(str(error), code="vat_number_invalid", field="vat_number") from error


def _reserve(tenant: Tenant, expected: int | None, by: Actor) -> BillingAccount:
    """Take the next version, so that whoever saw the same one as we did comes second."""
    account_for(tenant=tenant, by=by)
    with tenant_scope(tenant):
        account = BillingAccount.objects.for_tenant(tenant).select_for_update().get()
        if expected is not None and account.details_version != expected:
            raise Moved("Somebody else changed the billing details while you had them open.")
        BillingAccount.objects.for_tenant(tenant).update(details_version=F("details_version") + 1)
    return account


def _release(tenant: Tenant, version: int) -> None:
    """Give the version back where nothing came of it, so that the same person can try again."""
    with tenant_scope(tenant):
        BillingAccount.objects.for_tenant(tenant).filter(details_version=version + 1).update(details_version=version)


def _send(
    tenant: Tenant, account: BillingAccount, info: BillingInfo, number: vat.VatNumber | None, by: Actor
) -> BillingAccount:
    customer_id = ensure_customer(tenant=tenant, by=by)
    sent = _send_vat(tenant, customer_id, number)
    params = {"name": info.company, "email": info.email, "address": {"country": info.country}}
    sent.append(
        writes.send(
            tenant=tenant,
            operation=Operation.CUSTOMER_UPDATE,
            content={"customer": customer_id, **params},
            call=lambda key: stripe.update_customer(customer_id, params, key=key),
        )
    )

    def note(fresh: BillingAccount) -> None:
        writes.note_done(*sent)
        changes = tuple(
            Change(name, getattr(account, name), getattr(fresh, name))
            for name in FIELDS
            if getattr(account, name) != getattr(fresh, name)
        )
        if changes:
            thing = Thing(type="billing_info", id=customer_id, label=fresh.company or tenant.name)
            audit.record(tenant=tenant, action=AuditAction.DETAILS_CHANGE, by=by, thing=thing, changes=changes)

    return sync.tenant(tenant, customer_id, note=note).account


def _send_vat(tenant: Tenant, customer_id: str, number: vat.VatNumber | None) -> list[writes.Sent]:
    """Have Stripe hold this number and no other; the new one first, since it may be refused."""
    held = ((reads.customer(customer_id).get("tax_ids") or {}).get("data")) or []
    sent = []
    if number is not None and number.value not in {each["value"] for each in held}:
        sent.append(_add_vat(tenant, customer_id, number))
    for each in held:
        if number is None or each["value"] != number.value:
            sent += _remove_vat(tenant, customer_id, str(each["id"]))
    return sent


def _add_vat(tenant: Tenant, customer_id: str, number: vat.VatNumber) -> writes.Sent:
    params = {"type": number.type, "value": number.value}
    try:
        return writes.send(
            tenant=tenant,
            operation=Operation.TAX_ID_CREATE,
            content={"customer": customer_id, **params},
            call=lambda key: stripe.create_tax_id(customer_id, params, key=key),
        )
    except Refused as refusal:
        text = "The payment service doesn't take this VAT number. Look for a typing mistake."
        raise Refused(text, code=refusal.code, field="vat_number") from refusal


def _remove_vat(tenant: Tenant, customer_id: str, tax_id: str) -> list[writes.Sent]:
    try:
        return [
            writes.send(
                tenant=tenant,
                operation=Operation.TAX_ID_DELETE,
                content={"customer": customer_id, "tax_id": tax_id},
                call=lambda key: stripe.delete_tax_id(customer_id, tax_id, key=key),
            )
        ]
    except Gone:
        return []
