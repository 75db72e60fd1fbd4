"""The roles of the product and their rights: an owner that migrates, and an app that owns nothing."""

from __future__ import annotations

import psycopg
from psycopg import sql

OWNER = "dezky_owner"
APP = "dezky_app"
# Neither bypasses row-level security; the owner's tables force it upon the owner where the product says so.
_ATTRIBUTES = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {}")


def ensure_roles(superuser_url: str, passwords: dict[str, str]) -> None:
    """Create both roles, or bring them back to their attributes and passwords."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for role in (OWNER, APP):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            verb = sql.SQL("ALTER ROLE {} ") if known else sql.SQL("CREATE ROLE {} ")
            connection.execute(verb.format(sql.Identifier(role)) + _ATTRIBUTES.format(sql.Literal(passwords[role])))


def ensure_database(superuser_url: str, name: str) -> bool:
    """Create a database of the owner if it is missing; return whether it was."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known:
            return False
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER)))
        return True


def grant_rights(superuser_url_of_database: str) -> None:
    """Give the app its rights on everything the owner has made or will make in schema public of this database."""
    names = {"owner": sql.Identifier(OWNER), "app": sql.Identifier(APP)}
    with psycopg.connect(superuser_url_of_database) as connection:
        row = connection.execute("SELECT current_database()").fetchone()
        names["database"] = sql.Identifier(row[0] if row else "")
        future = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
        for statement in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {app}",
            "ALTER SCHEMA public OWNER TO {owner}",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "GRANT USAGE ON SCHEMA public TO {app}",
            f"{future} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {{app}}",
            f"{future} GRANT USAGE ON SEQUENCES TO {{app}}",
        ):
            connection.execute(sql.SQL(statement).format(**names))
