"""The triggers that guard the log tables, for SQLite and PostgreSQL: rows are never changed, and come in order.

Called by migrations that have run on databases in use: what is made here is not changed, only added to.
"""

from typing import Final

from alembic import op

_REFUSE: Final = "certlog_refuse_change"


def refuse_changes(table: str) -> None:
    """Let nobody update, delete or empty a table's rows; on PostgreSQL not even where none is met."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_refusing_function())
        op.execute(
            f"CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {_REFUSE}()"
        )
        return
    for verb in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is insert-only: {verb} refused'); END"
        )


def require_order(table: str, column: str, comparison: str) -> None:
    """Let a row in only where `column` compares with the newest ("= 1 +" without gap, ">" rising)."""
    newest = f"(SELECT COALESCE(MAX({column}), -1) FROM {table})"  # noqa: S608 # both names stand in the migration
    condition = f"NOT (NEW.{column} {comparison} {newest})"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_order() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS "
            f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION '{table}: rows come in order' "
            "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_order BEFORE INSERT ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_order()"
        )
        return
    op.execute(
        f"CREATE TRIGGER {table}_order BEFORE INSERT ON {table} WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: rows come in order'); END"
    )


def drop_functions(*tables: str) -> None:
    """Drop what the triggers of dropped tables called; SQLite's went with the tables."""
    if op.get_bind().dialect.name == "postgresql":
        for name in (*(f"{table}_order" for table in tables), _REFUSE):
            op.execute(f"DROP FUNCTION {name}()")


def _refusing_function() -> str:
    return (
        f"CREATE OR REPLACE FUNCTION {_REFUSE}() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is insert-only: % refused', TG_TABLE_NAME, lower(TG_OP) "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
