"""`migrate`, as the owner of the tables, and fast on a fresh database."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections

from billing import fresh_tables


class Command(migrate.Command):
    """Django's command, on the owner's connection where there is one."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Migrate through `owner` unless told otherwise."""
        super().add_arguments(parser)
        parser.set_defaults(database="owner" if "owner" in settings.DATABASES else DEFAULT_DB_ALIAS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Make dj-stripe's tables at once on a fresh database, then migrate."""
        whole = not options.get("app_label") and not options.get("plan") and not options.get("check_unapplied")
        if whole:
            try:
                if fresh_tables.create(connections[options["database"]]) and options["verbosity"]:
                    self.stdout.write("Made dj-stripe's tables from its migrations' final state.")
            except fresh_tables.NotOnlyTables as reason:
                self.stdout.write(f"dj-stripe migrates in its own way: {reason}.")
        super().handle(*args, **options)
