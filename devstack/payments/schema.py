"""The tables of the stand-in, in a schema of its own; every statement may run again on tables of an earlier day."""

SCHEMA = """
SELECT pg_advisory_xact_lock(hashtextextended('payments_standin', 0));
CREATE SCHEMA IF NOT EXISTS payments_standin;
CREATE TABLE IF NOT EXISTS payments_standin.objects (
    id text PRIMARY KEY,
    kind text NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    content jsonb NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS objects_by_kind ON payments_standin.objects (kind, position DESC);
CREATE INDEX IF NOT EXISTS objects_by_customer
    ON payments_standin.objects ((content ->> 'customer'), kind, position DESC);
CREATE INDEX IF NOT EXISTS objects_by_invoice
    ON payments_standin.objects ((content ->> 'invoice'), kind, position DESC);
CREATE TABLE IF NOT EXISTS payments_standin.idempotency (
    key text PRIMARY KEY,
    fingerprint text NOT NULL,
    status integer NOT NULL,
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE payments_standin.idempotency ADD COLUMN IF NOT EXISTS answered bigint NOT NULL DEFAULT 0;
CREATE TABLE IF NOT EXISTS payments_standin.clock (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    offset_seconds double precision NOT NULL DEFAULT 0,
    frozen_at double precision,
    handled_until bigint NOT NULL DEFAULT extract(epoch FROM now())
);
INSERT INTO payments_standin.clock DEFAULT VALUES ON CONFLICT DO NOTHING;
CREATE TABLE IF NOT EXISTS payments_standin.endpoint_secrets (
    endpoint_id text NOT NULL,
    position bigint GENERATED ALWAYS AS IDENTITY,
    secret text NOT NULL
);
CREATE TABLE IF NOT EXISTS payments_standin.deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id text NOT NULL,
    endpoint_id text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    due_at double precision NOT NULL DEFAULT 0,
    is_double boolean NOT NULL DEFAULT false,
    is_done boolean NOT NULL DEFAULT false,
    outcome text NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS payments_standin.agenda (
    subject text NOT NULL,
    kind text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (subject, kind)
);
CREATE INDEX IF NOT EXISTS agenda_due ON payments_standin.agenda (at, kind, subject);
CREATE INDEX IF NOT EXISTS deliveries_due ON payments_standin.deliveries (due_at, id) WHERE NOT is_done;
"""

TABLES = ("objects", "idempotency", "endpoint_secrets", "deliveries", "agenda")
