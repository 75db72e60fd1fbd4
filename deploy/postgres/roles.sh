#!/bin/sh
# Dezky's two roles and its database, as docs/guides/run-in-production.md and devstack/postgres_roles.py have them.
# The postgres image runs it once, while its volume is empty.
set -eu

psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set owner_password="$DEZKY_OWNER_PASSWORD" --set app_password="$DEZKY_APP_PASSWORD" <<'SQL'
CREATE ROLE dezky_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner_password';
CREATE ROLE dezky_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app_password';
CREATE DATABASE dezky OWNER dezky_owner;
\connect dezky
REVOKE ALL ON DATABASE dezky FROM PUBLIC;
GRANT CONNECT ON DATABASE dezky TO dezky_app;
ALTER SCHEMA public OWNER TO dezky_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO dezky_app;
ALTER DEFAULT PRIVILEGES FOR ROLE dezky_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO dezky_app;
ALTER DEFAULT PRIVILEGES FOR ROLE dezky_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO dezky_app;
SQL
