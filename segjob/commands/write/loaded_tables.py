"""Tables that segjob loaded from files: written in one transaction, and recorded, so that no others are replaced."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from segjob.errors import ConfigError
from segjob.files.file_tables import FileContent, FileTable
from segjob.registry.registry import Registry
from segjob.registry.relations import locate
from segjob.registry.schema import bring_up_to_date, ensure_layout
from segjob.statements.relation import named
from segjob.statements.sql.ddl import DropTable
from segjob.warehouse.sqlalchemy import typed


@dataclass(frozen=True)
class LoadedTable:
    """A table as the warehouse has it now, and its rows."""

    schema: str
    name: str
    rows: int

    @property
    def relation(self) -> str:
        """Schema and name as a person types them."""
        return f"{typed(self.schema)}.{typed(self.name)}"


@dataclass(frozen=True)
class _Target:
    """A table to write. columns : what is recorded of it, names and types."""

    file_table: FileTable
    table: sa.Table
    columns: str

    @property
    def relation(self) -> str:
        return f"{typed(str(self.table.schema))}.{typed(str(self.table.name))}"


def load_files(registry: Registry, content: FileContent) -> list[LoadedTable]:
    """Write every table of the content; those that segjob loaded before are replaced in whole.

    Raises
    ------
    ConfigError : a table of that name is there, and segjob did not load it.
    """
    warehouse, loaded = registry.warehouse, []
    with warehouse.writing(create=True):
        ensure_layout(registry)
        targets = [_target(registry, content, table) for table in content.tables]
        known = {row["relation"]: row["columns"] for row in registry.rows(registry.table("files"))}
        _refuse_foreign(registry, targets, known)
        for target in targets:
            _empty(registry, target, known.get(target.relation))
            for chunk in content.chunks(target.file_table):
                warehouse.insert_frame(target.table, chunk)
            loaded.append(
                LoadedTable(str(target.table.schema), str(target.table.name), content.rows(target.file_table))
            )
        _record(registry, content, targets, loaded, known)
    return loaded


def _target(registry: Registry, content: FileContent, file_table: FileTable) -> _Target:
    schema, name = locate(registry.warehouse, file_table.name)
    columns = content.columns(file_table)
    table = sa.Table(
        named(name),
        sa.MetaData(),
        *(sa.Column(named(column), kind) for column, kind in columns),
        schema=named(schema),
        comment=file_table.comment,
    )
    return _Target(file_table, table, json.dumps([[column, str(kind)] for column, kind in columns]))


def _refuse_foreign(registry: Registry, targets: Sequence[_Target], known: dict[str, str]) -> None:
    """Raises a ConfigError if a name is taken by a table that segjob did not load, or that was changed since."""
    for target in targets:
        columns = registry.warehouse.columns_of(target.table.schema, target.table.name)
        if not columns:
            continue
        recorded = known.get(target.relation)
        if recorded is None or [c.name for c in columns] != [name for name, _ in json.loads(recorded)]:
            changed = (
                "is not a table that segjob has loaded"
                if recorded is None
                else "was changed since segjob loaded it"
            )
            raise ConfigError(
                f"{target.relation} of {registry.warehouse.label} {changed}, so it is not replaced",
                hint="load into another one with --table NAME, or into another warehouse with --warehouse",
            )


def _empty(registry: Registry, target: _Target, recorded: str | None) -> None:
    """The table without rows. One of the same columns stays, with what depends on it and who may read it."""
    warehouse, table = registry.warehouse, target.table
    is_there = bool(warehouse.columns_of(table.schema, table.name))
    if is_there and recorded == target.columns:
        warehouse.execute(sa.delete(table))
        return
    if is_there:
        warehouse.execute(DropTable(table.name, schema=table.schema))
    bring_up_to_date(warehouse, table)


def _record(
    registry: Registry,
    content: FileContent,
    targets: Sequence[_Target],
    loaded: Sequence[LoadedTable],
    known: dict[str, Any],
) -> None:
    files, now = registry.table("files"), datetime.now(UTC).replace(tzinfo=None)
    before = [target.relation for target in targets if target.relation in known]
    if before:
        registry.warehouse.execute(sa.delete(files).where(files.c.relation.in_(before)))
    rows = [
        {
            "relation": target.relation,
            "file": ", ".join(content.files),
            "loaded_at": now,
            "rows": table.rows,
            "columns": target.columns,
        }
        for target, table in zip(targets, loaded, strict=True)
    ]
    registry.warehouse.execute(sa.insert(files).values(rows))
