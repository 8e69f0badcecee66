"""The published schema in a warehouse: made where it is missing, upgraded where it is older."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.schema import CreateSchema, CreateTable, SetColumnComment, SetTableComment

from segjob import __version__
from segjob.errors import ConfigError
from segjob.registry.registry import Registry
from segjob.statements.published import comments
from segjob.statements.published.questions import with_quoted_rows
from segjob.statements.published.tables import LAYOUT_VERSION, SHARED, VIEWS
from segjob.statements.sql.ddl import AddColumn, inline_comments
from segjob.warehouse.base import Statement, Warehouse


def ensure_layout(registry: Registry) -> None:
    """Schema, shared tables and shared views as of today, inside the caller's transaction; history is kept.

    Raises
    ------
    ConfigError : the schema holds somebody else's tables under the names of segjob's.
    WarehouseError : the tables were written by a newer segjob.
    """
    warehouse, schema = registry.warehouse, registry.schema
    refuse_foreign_tables(registry)
    version = registry.layout_version()
    if version == LAYOUT_VERSION:
        return
    warehouse.execute(CreateSchema(schema, if_not_exists=True))
    bring_up_to_date(warehouse, *registry.tables.shared())
    _create_shared_views(registry)
    if version is not None:
        # Here, because the views bring a segmentation's own tables up to date.
        from segjob.registry.views import renew_run_views

        renew_run_views(registry)
    # Last, and the old row after the new one: without transactions, this row says that all of it is there.
    layout = registry.table("layout")
    warehouse.execute(sa.insert(layout).values(version=LAYOUT_VERSION, written_by=__version__))
    if version is not None:
        warehouse.execute(sa.delete(layout).where(layout.c.version != LAYOUT_VERSION))


def _create_shared_views(registry: Registry) -> None:
    warehouse, schema, dialect = registry.warehouse, registry.schema, registry.warehouse.dialect
    of_tables = warehouse.columns_of_each(schema, comments.tables_of_shared_views())
    columns = {table: [column.name for column in found] for table, found in of_tables.items()}
    creating, commenting = [], []
    for name in VIEWS:
        listed, said = comments.of_shared_view(registry.tables, name, columns)
        text = view_sql(name, schema, dialect)
        if dialect.inline_comments:
            head, select = text.split(" as\n", 1)
            text = f"{head} {inline_comments(listed, said, dialect)} as\n{select}"
        else:
            described = listed if warehouse.comments_on_view_columns else ()
            commenting += comments.statements(schema, name, described, said)
        # SQLAlchemy's text takes a colon for the beginning of a parameter.
        creating.append(sa.text(text.replace(":", "\\:")))
    warehouse.execute(creating[0])  # the others read it
    warehouse.execute_each(creating[1:])
    warehouse.execute_each(commenting)


def refuse_foreign_tables(registry: Registry) -> None:
    """Let a schema pass that this or an older segjob has installed, or that has none of the names that it needs.

    Raises
    ------
    ConfigError : a table or view of somebody else has one of them.
    WarehouseError : the tables were written by a newer segjob.
    """
    registry.refuse_newer_layout()
    warehouse, schema = registry.warehouse, registry.schema
    names = (*SHARED, *VIEWS)
    columns = warehouse.columns_of_each(schema, names)
    has_layout = "version" in (column.name for column in columns["layout"])
    if has_layout and registry.layout_version() is not None:
        foreign = ["runs"] if not warehouse.is_table(schema, "runs") else []
    else:
        # Without transactions, the tables of a first run that died are there before the layout's row is.
        foreign = [name for name in names if columns[name]] if warehouse.has_transactions else []
    if foreign:
        raise ConfigError(
            f"{schema}.{foreign[0]} of {warehouse.label} is not what segjob installs under that name",
            hint="name another schema with [warehouse] schema, or move it away",
        )


def bring_up_to_date(warehouse: Warehouse, *tables: sa.Table) -> None:
    """Make the tables, or add the columns that an older layout lacks; rows that are there keep null in them.

    Layouts only ever grow, so this one step leads from every older layout to today's. All are of one schema.
    """
    columns = warehouse.columns_of_each(tables[0].schema, [table.name for table in tables])
    warehouse.execute_each([CreateTable(table) for table in tables if not columns[table.name]])
    completing: list[Statement] = []
    for table in tables:
        completing += _completing(table, {column.name for column in columns[table.name]}, warehouse.dialect)
    warehouse.execute_each(completing)


def _completing(table: sa.Table, existing: set[str], dialect: sa.Dialect) -> list[Statement]:
    """What adds the columns that the table lacks, and the comments. existing : its columns; none if it is new."""
    lacking = [column for column in table.columns if column.name not in existing]
    adding: list[Statement] = [AddColumn(column) for column in lacking] if existing else []
    if dialect.inline_comments:
        return adding
    of_table = [] if existing else [SetTableComment(table)]
    return [*adding, *of_table, *map(SetColumnComment, lacking)]


def view_sql(name: str, schema: str, dialect: sa.Dialect) -> str:
    """The statement in sql/views/NAME.sql, for a schema of any name.

    The files say `segments.` so that they run by hand as they stand.
    """
    text = (sql_folder() / "views" / f"{name}.sql").read_text(encoding="utf-8")
    quoted = dialect.identifier_preparer.quote_schema(schema)
    text = re.sub(r"(?<=\s)segments\.(?=\w)", lambda _: f"{quoted}.", text)
    return with_quoted_rows(text) if dialect.name == "snowflake" else text


def sql_folder() -> Path:
    """Where the SQL files are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"
