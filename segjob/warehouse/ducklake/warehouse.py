"""A DuckLake: read at one of its snapshots, written in one transaction, which is one snapshot more.

A catalogue in a DuckDB file is open to one process that writes or many that read, as the file itself would be. One in
PostgreSQL is open to many of both: readers see their snapshot and never wait, and segjob's own jobs publish in turns.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import duckdb
import sqlalchemy as sa

from segjob.errors import ConfigError, WarehouseError
from segjob.warehouse.base import WriteTarget
from segjob.warehouse.duckdb.connection import NO_DOWNLOADS, DuckDBConnection
from segjob.warehouse.duckdb.names import literal, quoted
from segjob.warehouse.duckdb.warehouse import OWN_FILES, inspect_path
from segjob.warehouse.ducklake.errors import NoLake, failure, opening_error
from segjob.warehouse.ducklake.extensions import load
from segjob.warehouse.ducklake.guard import Guard
from segjob.warehouse.ducklake.place import LakePlace

_ROWS_STAY = ("schemas_", "views_", "scalar_macros_", "table_macros_", "compacted_", "flushed_")
"""Changes, as snapshots name them, that leave the rows of every table what they are."""
_FATE_SECONDS = 10.0
"""How long segjob asks for the fate of a commit whose connection ended."""


@dataclass
class DuckLake(DuckDBConnection):
    """See the module. `schema` is what the lock is about: one job at a time publishes in it."""

    comments_on_view_columns: ClassVar[bool] = False
    place: LakePlace
    schema: str
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    _snapshot: int | None = field(default=None, init=False)
    """The one that is read, or that the transaction began with."""
    _guard: Guard | None = field(default=None, init=False)

    def versions(self) -> dict[str, str]:
        return {} if self._snapshot is None else {"ducklake_snapshot": str(self._snapshot)}

    def claim_number(self, schema: str, after: int) -> int:
        """Alter table `runs` in no way that shows: of two transactions that alter a table, only one can commit."""
        of_runs = sa.text(
            "select comment from duckdb_tables() where database_name = current_database() "
            "and schema_name = :schema and table_name = 'runs'"
        )
        said = literal(self.scalar(of_runs.bindparams(schema=schema)) or "").replace(":", "\\:")
        self.execute(sa.text(f"comment on table {quoted(schema)}.runs is {said}"))
        return after + 1

    def refuse_lost_lock(self) -> None:
        if self._guard is not None:
            self._guard.refuse_lost()

    def missing_rights(self, written: WriteTarget, read: tuple[str, str] | None = None) -> list[str]:
        # Rights in PostgreSQL are those on DuckLake's own tables; it refuses the first statement that writes.
        file = self.place.file
        places = [self._data_path(), *([] if file is None else [file, file.parent])]
        return [
            f"{place} cannot be written"
            for place in places
            if place.exists() and not os.access(place, os.W_OK)
        ]

    def purge(self, tables: Sequence[str]) -> str | None:
        """Nothing: older snapshots are of the whole lake, and somebody may need them for other tables."""
        name = literal(self.place.name)
        return (
            "deleted rows stay in the lake's older snapshots and files; "
            f"`call ducklake_flush_inlined_data({name}); "
            f"call ducklake_rewrite_data_files({name}, delete_threshold => 0); "
            f"call ducklake_expire_snapshots({name}, older_than => now()); "
            f"call ducklake_cleanup_old_files({name}, cleanup_all => true)` removes them now"
        )

    @contextmanager
    def _attached_for_writing(self, create: bool) -> Iterator[None]:
        guard = None if self.place.database is None else Guard(self.place, self.schema, self.lock_timeout)
        with self._translated(), nullcontext() if guard is None else guard.held():
            self._guard = guard
            try:
                with super()._attached_for_writing(create):
                    yield
            finally:
                self._guard = None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise self._failure(error) from error

    def _commit(self) -> None:
        self.refuse_lost_lock()
        if not self.connection.in_transaction():
            return
        token = secrets.token_hex(8)
        self._raw.execute(
            f"call {self._quoted_catalog}.set_commit_message('segjob', {literal(f'schema {self.schema}')}, "
            f"extra_info => '{token}')"
        )
        try:
            super()._commit()
        except WarehouseError as problem:
            # A conflict is DuckLake's own word that nothing was written.
            if "onflict" in problem.message or self.place.database is None or not self._was_committed(token):
                raise
            self.late_failures.append("all is written, but the connection ended while the server said so")

    def _was_committed(self, token: str) -> bool:
        """Whether a snapshot holds what the transaction wrote.

        Raises
        ------
        WarehouseError : nobody can say.
        """
        deadline = time.monotonic() + _FATE_SECONDS
        while time.monotonic() < deadline:
            with suppress(duckdb.Error), duckdb.connect(":memory:", config=dict(NO_DOWNLOADS)) as fresh:
                load(fresh, "ducklake", "postgres_scanner")
                fresh.execute(self._attachment(False))
                said = "select count(*) from snapshots() where commit_extra_info = ?"
                fresh.execute(f"use {quoted(self.place.name)}")
                return bool(fresh.execute(said, [token]).fetchall()[0][0])
            time.sleep(0.2)
        raise WarehouseError(
            f"the connection to {self.label} ended in the commit, and the server does not answer since",
            hint="whether it was published is not known: see `segjob history` when the server is there",
        )

    def _open(self, *, write: bool, create: bool) -> None:
        place = self.place
        if self._is_open_to_files:  # else they are loaded
            load(self._raw, "ducklake", *(["postgres_scanner"] if place.database else []))
        if place.file is not None:
            inspect_path(place.file, create)
        if place.file is None or place.file.exists():
            try:
                self._attach_lake(write, "create_if_not_exists false")
            except NoLake:
                # Whatever else is in a file is not ours to make a DuckLake of.
                if not create or place.file is not None:
                    raise
                self._create()
        else:
            self._create()
        self._snapshot = self._current_snapshot()
        if not write and place.database is not None:
            # Others write meanwhile: every statement from here on sees this snapshot.
            self._raw.execute(f"detach {quoted(place.name)}")
            self._attach_lake(write, f"snapshot_version {self._snapshot}")

    def _create(self) -> None:
        if self.place.database is not None and self.place.data_path is None:
            raise ConfigError(
                f"there is no DuckLake in {self.label} yet, and no folder is named for its data",
                hint="add ?data_path=FOLDER to the URL",
            )
        self._attach_lake(True, "create_if_not_exists true")

    def _attach_lake(self, write: bool, *options: str) -> None:
        self._attach_with_retry(self._attachment(write, *options), self.place.file or Path())

    def _attachment(self, write: bool, *options: str) -> str:
        place, listed = self.place, [*options, *([] if write else ["read_only"])]
        if place.data_path is not None:
            listed.append(f"data_path {literal(f'{place.data_path}/')}")
        if place.metadata_schema is not None:
            listed.append(f"metadata_schema {literal(place.metadata_schema)}")
        return f"attach {literal(place.catalogue)} as {quoted(place.name)} ({', '.join(listed)})"

    def _current_snapshot(self) -> int:
        return int(self._raw.execute(f"from {quoted(self.place.name)}.current_snapshot()").fetchall()[0][0])

    def _metadata(self) -> str:
        """Where DuckLake's own tables are."""
        schema = self.place.metadata_schema or ("main" if self.place.database is None else "public")
        return f"{quoted(self._catalogue)}.{quoted(schema)}"

    @property
    def _catalogue(self) -> str:
        """The name under which DuckLake attaches its own tables."""
        return f"__ducklake_metadata_{self.place.name}"

    def _signature(self) -> int | None:
        return self._snapshot

    def _changed_since(self, seen: int | None) -> bool:
        """Whether a snapshot since then has changed the rows of a table that is not segjob's own."""
        lake = quoted(self.place.name)
        between = f"from {lake}.snapshots() where snapshot_id > {seen} and snapshot_id <= {self._snapshot}"
        snapshots = self._raw.execute(f"select changes {between}").fetchall()
        if len(snapshots) != (self._snapshot or 0) - (seen or 0):
            return True  # somebody has expired one of them
        catalogue = self._metadata()
        own = f"from {catalogue}.ducklake_table join {catalogue}.ducklake_schema using (schema_id) select table_id"
        tables = self._raw.execute(f"{own} where schema_name = {literal(self.schema)}").fetchall()
        ours = {str(table) for (table,) in tables}
        return any(
            not kind.startswith(_ROWS_STAY) and not all(_is_ours(name, ours, self.schema) for name in names)
            for (changes,) in snapshots
            for kind, names in changes.items()
        )

    def _merge_log(self) -> None:
        if self.place.file is not None:
            self._merge_log_of(self.place.file, self._catalogue)

    def _own_places(self) -> tuple[list[str], list[str]]:
        file = self.place.file
        return [] if file is None else [f"{file}{part}" for part in OWN_FILES], [f"{self._data_path()}/"]

    def _data_path(self) -> Path:
        """Where the lake keeps its data; the catalogue may say so from its own folder on."""
        options = f"select value from {quoted(self.place.name)}.options() where option_name = 'data_path'"
        ((path,),) = self._raw.execute(options).fetchall()
        return Path(path) if self.place.file is None else self.place.file.parent / path

    def _failure(self, error: Exception, statement: str = "") -> WarehouseError:
        return failure(self.label, error, self.secrets, statement)

    def _opening_error(self, file: Path, error: Exception) -> WarehouseError:
        return opening_error(self.place, error, self.secrets, self.lock_timeout)


def _is_ours(name: str, tables: set[str], schema: str) -> bool:
    """Whether a change is about one of segjob's tables. name : an id, or a schema and a name."""
    return name in tables or name.startswith((f"{schema}.", f"{quoted(schema)}."))
