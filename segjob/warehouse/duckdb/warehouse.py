"""A DuckDB file: held read-only while reading, held for writing as late and as briefly as possible.

One process may write a file or many may read it. So the connection itself is an in-memory database, which keeps the
temporary tables, and the file is attached to it: read-only first, and again for writing in the moment of publishing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import sqlalchemy as sa

from segjob.errors import WarehouseError
from segjob.warehouse.base import Column, Statement, WriteTarget
from segjob.warehouse.duckdb.connection import DuckDBConnection
from segjob.warehouse.duckdb.errors import failure, opening_error
from segjob.warehouse.duckdb.names import literal, quoted
from segjob.warehouse.duckdb.rewrite import refuse_unrewritable, rewrite

STORAGE = "v1.0.0"
"""Storage version of new files, so that BI tools that still carry DuckDB 1.x open them."""
OWN_FILES = ("", ".wal", ".wal.checkpoint", ".wal.recovery")
"""What DuckDB opens beside each other for one file."""


@dataclass
class DuckDBFile(DuckDBConnection):
    """See the module."""

    path: Path

    def __post_init__(self) -> None:
        super().__post_init__()
        self._columns: dict[tuple[str | None, str], list[Column]] = {}

    @property
    def file(self) -> Path:
        return self.path

    @contextmanager
    def new_file(self, file: Path) -> Iterator[str]:
        name = quoted(f"new_{self._catalog}")
        self.connection.commit()
        self._attach_with_retry(
            f"attach {literal(file)} as {name} (type duckdb, storage_version '{STORAGE}')", file
        )
        yield name
        self.connection.commit()
        try:
            self._raw.execute(f"checkpoint {name}")
            self._raw.execute(f"detach {name}")
        except duckdb.Error as error:
            raise opening_error(file, error) from error

    def refuse_unpurgeable(self) -> None:
        refuse_unrewritable(self.path)

    def purge(self, tables: Sequence[str]) -> str | None:
        """Write the whole file anew: what DuckDB deletes stays in its free blocks for as long as nothing needs them."""
        with self._connected():
            self._attach(write=True)
            rewrite(self._raw, self._catalog or "", self.path, self._merge_log)
            # The old file has no name any more; it is gone when the connection closes.
        return None

    def columns_of_each(self, schema: str | None, relations: Sequence[str]) -> dict[str, list[Column]]:
        # While the file is attached nobody else changes it, and a job asks for the same tables again and again.
        if unknown := [relation for relation in relations if (schema, relation) not in self._columns]:
            found = super().columns_of_each(schema, unknown)
            self._columns |= {(schema, relation): columns for relation, columns in found.items()}
        return {relation: list(self._columns[schema, relation]) for relation in relations}

    def execute(self, statement: Statement) -> None:
        if not isinstance(statement, sa.sql.expression.UpdateBase):
            self._columns.clear()
        super().execute(statement)

    def execute_each(self, statements: Sequence[Statement]) -> None:
        if not all(isinstance(statement, sa.schema.ExecutableDDLElement) for statement in statements):
            super().execute_each(statements)
        elif statements:
            self._columns.clear()
            # They take no parameters. The comments of a first run are hundreds, each of which takes less than what
            # SQLAlchemy does around it.
            together = ";\n".join(map(self.sql, statements))
            with self.ledger.entry():
                try:
                    self._raw.execute(together)
                except duckdb.Error as error:
                    raise self._failure(error, together) from error

    def missing_rights(self, written: WriteTarget, read: tuple[str, str] | None = None) -> list[str]:
        places = (self.path, self.path.parent)  # the log is written beside the file
        return [f"{place} cannot be written" for place in places if not os.access(place, os.W_OK)]

    def _failure(self, error: Exception, statement: str = "") -> WarehouseError:
        return failure(self.path, error, statement)

    def _opening_error(self, file: Path, error: Exception) -> WarehouseError:
        return opening_error(file, error, self.lock_timeout)

    def _own_places(self) -> tuple[list[str], list[str]]:
        return [f"{self.path}{part}" for part in OWN_FILES], []

    def _merge_log(self) -> None:
        self._merge_log_of(self.path, self._catalog or "")

    def _open(self, *, write: bool, create: bool) -> None:
        self._columns.clear()
        inspect_path(self.path, create)
        existing = "" if write else ", read_only"
        option = existing if self.path.exists() else f", storage_version '{STORAGE}'"
        self._attach_with_retry(f"attach {literal(self.path)} (type duckdb{option})", self.path)

    def _signature(self) -> list[tuple[int, int] | None]:
        """Size and time of the file and its write-ahead log: equal while nobody writes."""
        signature: list[tuple[int, int] | None] = []
        for path in (self.path, self.path.with_name(self.path.name + ".wal")):
            try:
                status = path.stat()
            except FileNotFoundError:
                signature.append(None)
            else:
                signature.append((status.st_size, status.st_mtime_ns))
        return signature


def inspect_path(path: Path, create: bool) -> None:
    """Refuse what is not a file before DuckDB opens it: a pipe would never answer.

    Raises
    ------
    WarehouseError : there is no such file, or it is something else.
    """
    hint = "name the file that dbt writes to"
    try:
        if not create and not path.exists():
            raise WarehouseError(
                f"there is no warehouse file {path}",
                hint="make it with `dbt run`, or name another one with --warehouse or SEGJOB_WAREHOUSE",
            )
        if path.is_dir():
            raise WarehouseError(f"the warehouse {path} is a folder, not a file", hint=hint)
        if not path.parent.is_dir():
            raise WarehouseError(f"the warehouse {path} is in a folder that does not exist", hint=hint)
        if not path.exists():
            return
        if not path.is_file():
            raise WarehouseError(f"the warehouse {path} is a pipe or a device, not a file", hint=hint)
    except OSError as error:
        raise WarehouseError(
            f"{path} cannot be opened: {error.strerror}", hint="check the permissions of file and folder"
        ) from error
