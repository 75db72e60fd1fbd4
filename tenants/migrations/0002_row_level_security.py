"""Row-level security on everything a tenant owns, and an audit log that only grows.

One function says which rows a scope admits; the policies only name what kind of row they guard.
`dezky.scope_kind` and `dezky.scope_id` are set for one transaction by `tenants.scope`.
"""

from django.db import migrations

_ADMITS = """
CREATE FUNCTION dezky_admits(
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
            -- Its customers, and what they delegate to it; nothing can be changed.
            RETURN access = 'read' AND kind IN ('tenant', 'delegation') AND coalesce(row_partner = who, false);
        ELSE
            RETURN false;
    END CASE;
END
$$
"""

# table, kind, and the columns that hold tenant, person and partner
_TABLES = [
    ("tenants_tenant", "tenant", "id", "NULL::uuid", "partner_id"),
    ("tenants_membership", "membership", "tenant_id", "user_id", "NULL::uuid"),
    ("tenants_delegatedaccess", "delegation", "tenant_id", "NULL::uuid", "partner_id"),
    ("tenants_auditevent", "audit", "tenant_id", "NULL::uuid", "NULL::uuid"),
    ("tenants_audithead", "audit", "tenant_id", "NULL::uuid", "NULL::uuid"),
]


def _policies(table: str, kind: str, tenant: str, person: str, partner: str) -> list[str]:
    def admits(access: str) -> str:
        return f"dezky_admits('{access}', '{kind}', {tenant}, {person}, {partner})"

    # Whatever scope is open, or none: an event of the platform (without a tenant) can be appended.
    write = f"{admits('write')} OR {tenant} IS NULL" if kind == "audit" else admits("write")
    read = write if table == "tenants_audithead" else admits("read")
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({read})",
        f"CREATE POLICY {table}_insert ON {table} FOR INSERT WITH CHECK ({write})",
        f"CREATE POLICY {table}_update ON {table} FOR UPDATE USING ({write}) WITH CHECK ({write})",
        f"CREATE POLICY {table}_delete ON {table} FOR DELETE USING ({write})",
    ]


def _remove(table: str) -> list[str]:
    actions = ("read", "insert", "update", "delete")
    return [
        *(f"DROP POLICY {table}_{action} ON {table}" for action in actions),
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    ]


_APPEND_ONLY = """
CREATE FUNCTION dezky_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$
"""
_APPEND_TRIGGER = """
CREATE TRIGGER tenants_auditevent_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tenants_auditevent
FOR EACH STATEMENT EXECUTE FUNCTION dezky_append_only()
"""


class Migration(migrations.Migration):
    dependencies = [("tenants", "0001_initial")]

    operations = [
        migrations.RunSQL(_ADMITS, "DROP FUNCTION dezky_admits(text, text, uuid, uuid, uuid)"),
        *(migrations.RunSQL(_policies(*row), _remove(row[0])) for row in _TABLES),
        migrations.RunSQL(
            [_APPEND_ONLY, _APPEND_TRIGGER],
            ["DROP TRIGGER tenants_auditevent_append_only ON tenants_auditevent", "DROP FUNCTION dezky_append_only()"],
        ),
    ]
