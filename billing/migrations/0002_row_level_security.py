"""Row-level security on what billing keeps of tenants, and on Stripe's words in dj-stripe's tables.

A partner sees the accounts of its customers, for their plan and what they pay; nothing else of billing. The
mirror is seen by the operator's scope alone. Its owner is let through: a migration of dj-stripe's own must find
its rows.
"""

from django.db import migrations

_ADMITS = """
CREATE OR REPLACE FUNCTION dezky_admits(
    access text, kind text, row_tenant uuid, row_person uuid, row_partner uuid
) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    scope text := coalesce(current_setting('dezky.scope_kind', true), '');
    -- After a transaction an unset setting is '' and not NULL.
    who uuid := NULLIF(current_setting('dezky.scope_id', true), '')::uuid;
BEGIN
    CASE scope
        WHEN 'operator' THEN
            RETURN true;
        WHEN 'tenant' THEN
            RETURN coalesce(row_tenant = who, false);
        WHEN 'person' THEN
            -- Their own memberships, and the tenants of those; nothing can be changed.
            RETURN access = 'read' AND (
                (kind = 'membership' AND coalesce(row_person = who, false))
                OR (kind = 'tenant' AND EXISTS (
                    SELECT 1 FROM tenants_membership m WHERE m.tenant_id = row_tenant AND m.user_id = who
                ))
            );
        WHEN 'partner' THEN
            -- Its customers, what they delegate to it%s; nothing can be changed.
            RETURN access = 'read' AND (
                (kind IN ('tenant', 'delegation') AND coalesce(row_partner = who, false))%s
            );
        ELSE
            RETURN false;
    END CASE;
END
$$
"""
_ACCOUNTS = """
                OR (kind = 'account' AND EXISTS (
                    SELECT 1 FROM tenants_tenant t WHERE t.id = row_tenant AND t.partner_id = who
                ))"""

_TABLES = [
    ("billing_billingaccount", "account"),
    ("billing_invoice", "billing"),
    ("billing_quote", "billing"),
    ("billing_stripewrite", "billing"),
    ("billing_billingnotice", "billing"),
    ("billing_driftreport", "billing"),
]
_MIRROR = [
    "djstripe_charge",
    "djstripe_customer",
    "djstripe_discount",
    "djstripe_dispute",
    "djstripe_event",
    "djstripe_invoice",
    "djstripe_invoiceitem",
    "djstripe_lineitem",
    "djstripe_paymentintent",
    "djstripe_paymentmethod",
    "djstripe_refund",
    "djstripe_setupintent",
    "djstripe_subscription",
    "djstripe_subscriptionitem",
    "djstripe_taxid",
]


def _enable(table: str, kind: str, tenant: str, *, is_forced: bool) -> list[str]:
    def admits(access: str) -> str:
        return f"dezky_admits('{access}', '{kind}', {tenant}, NULL::uuid, NULL::uuid)"

    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        *([f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"] if is_forced else []),
        f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({admits('read')})",
        f"CREATE POLICY {table}_insert ON {table} FOR INSERT WITH CHECK ({admits('write')})",
        f"CREATE POLICY {table}_update ON {table} FOR UPDATE USING ({admits('write')}) WITH CHECK ({admits('write')})",
        f"CREATE POLICY {table}_delete ON {table} FOR DELETE USING ({admits('write')})",
    ]


def _disable(table: str) -> list[str]:
    return [
        *(f"DROP POLICY {table}_{action} ON {table}" for action in ("read", "insert", "update", "delete")),
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    ]


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial"), ("djstripe", "0003_2_11"), ("tenants", "0005_billing_actions")]

    operations = [
        migrations.RunSQL(_ADMITS % (", and their billing", _ACCOUNTS), _ADMITS % ("", "")),
        *(
            migrations.RunSQL(_enable(table, kind, "tenant_id", is_forced=True), _disable(table))
            for table, kind in _TABLES
        ),
        *(
            migrations.RunSQL(_enable(table, "mirror", "NULL::uuid", is_forced=False), _disable(table))
            for table in _MIRROR
        ),
    ]
