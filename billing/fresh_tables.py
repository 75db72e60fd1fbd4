"""dj-stripe's tables on a fresh database, in seconds instead of a minute.

Its own migrations take about 50 s, most of it for altering empty tables. Where none of them has run
yet, the tables are made from the state that the migrations end in, and the migrations are recorded
as applied. It is their own state and not the models', so a later release finds exactly what it
expects, and its new migrations run as usual. `tests/billing/test_fresh_tables.py` compares the two
schemas column by column.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython, RunSQL
from django.db.migrations.recorder import MigrationRecorder

APP = "djstripe"


class NotOnlyTables(Exception):
    """A migration does more than make tables, so it can't be skipped."""


def create(connection: BaseDatabaseWrapper) -> bool:
    """Create dj-stripe's tables if none of its migrations has run; return whether it did.

    What its migrations depend on is migrated first, in the ordinary way.

    Raises:
        NotOnlyTables: a migration carries data or SQL of its own; then only its author's way is right.
    """
    executor = MigrationExecutor(connection)
    loader = executor.loader
    if any(app == APP for app, _name in loader.applied_migrations):
        return False
    mine = [key for key in loader.graph.nodes if key[0] == APP]
    _refuse_data(executor, mine)
    leaves = loader.graph.leaf_nodes(APP)
    plan = executor.migration_plan(leaves)
    needed = [(migration.app_label, migration.name) for migration, _ in plan if migration.app_label != APP]
    if needed:
        executor.migrate(needed)
        executor.loader.build_graph()
    state = executor.loader.project_state(leaves)
    with connection.schema_editor() as editor:
        for model in state.apps.get_app_config(APP).get_models(include_auto_created=False):
            editor.create_model(model)
    recorder = MigrationRecorder(connection)
    for app, name in mine:
        recorder.record_applied(app, name)
    return True


def _refuse_data(executor: MigrationExecutor, keys: list[tuple[str, str]]) -> None:
    for key in keys:
        migration = executor.loader.graph.nodes[key]
        if any(isinstance(operation, RunPython | RunSQL) for operation in migration.operations):
            raise NotOnlyTables(f"{key[0]}.{key[1]} carries data")
