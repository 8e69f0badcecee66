"""A DuckDB file: held read-only while reading, held for writing as late and as briefly as possible.

One process may write a file or many may read it. So the connection itself is an in-memory database, which keeps the
temporary tables, and the file is attached to it: read-only first, and again for writing in the moment of publishing.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import duckdb
import duckdb_engine
import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from segjob.errors import ConfigError, StatementFailed, WarehouseBusy, WarehouseError
from segjob.warehouse.base import Statement
from segjob.warehouse.sqlalchemy import SqlAlchemyWarehouse, first_line

STORAGE = "v1.0.0"
"""Storage version of new files, so that BI tools that still carry DuckDB 1.x open them."""
MEMORY_SHARE = 0.25
"""Share of the machine's memory that DuckDB may use where the config says nothing."""


@dataclass
class DuckDBFile(SqlAlchemyWarehouse):
    """See the module."""

    path: Path
    lock_timeout: float = 30.0
    memory_limit: str | None = None
    temp_directory: str | None = None
    threads: int | None = None

    def __post_init__(self) -> None:
        self.engine = sa.create_engine("duckdb:///:memory:", connect_args={"config": self._settings()})
        self.engine.dialect.identifier_preparer = _Names(cast(duckdb_engine.Dialect, self.engine.dialect))
        self._catalog: str | None = None

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._connected():
            self._attach(write=False)
            yield

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[None]:
        if self._connection is not None:
            with self._attached_for_writing(create):
                yield
        else:
            with self._connected(), self._attached_for_writing(create):
                yield

    @property
    def file(self) -> Path:
        return self.path

    @contextmanager
    def new_file(self, file: Path) -> Iterator[str]:
        name = _quoted(f"new_{self._catalog}")
        self.connection.commit()
        self._attach_with_retry(
            f"attach '{_escaped(file)}' as {name} (type duckdb, storage_version '{STORAGE}')", file
        )
        yield name
        self.connection.commit()
        try:
            self._raw.execute(f"checkpoint {name}")
            self._raw.execute(f"detach {name}")
        except duckdb.Error as error:
            raise opening_error(file, error, 0) from error

    def arrays(self, statement: Statement) -> dict[str, NDArray[np.float64]]:
        result = self._run(statement)
        columns = result.cursor.fetchnumpy()
        return {name: np.ma.filled(column.astype(np.float64), np.nan) for name, column in columns.items()}

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            with self._opened() as connection:
                self._connection = connection
                # DuckDB draws its bar on stdout, terminal or not, into the middle of a JSON document.
                self._raw.execute("set enable_progress_bar = false")
                yield
        except (RuntimeError, StatementFailed) as error:
            # This is how DuckDB lets Ctrl-C through while a statement runs.
            if "Query interrupted" in str(error) or "INTERRUPT Error" in str(error):
                raise KeyboardInterrupt from error
            raise
        finally:
            # Closing the last connection closes the file; statements that detach it could fail in their turn.
            self._connection = self._catalog = None
            self.engine.dispose()

    def _opened(self) -> sa.Connection:
        try:
            return self.engine.connect()
        except sa.exc.DBAPIError as error:
            raise ConfigError(
                f"DuckDB refuses the settings of [warehouse]: {first_line(error.orig)}",
                hint="check memory_limit, temp_directory and threads",
            ) from error

    @contextmanager
    def _attached_for_writing(self, create: bool) -> Iterator[None]:
        """The file attached for writing, in one transaction; read-only again afterwards if it was before."""
        was_reading = self._catalog is not None
        seen = self._signature()
        self.connection.commit()
        self._detach()
        self._attach(write=True, create=create)
        self.may_have_changed = was_reading and self._signature() != seen
        try:
            yield
            self.connection.commit()
        except BaseException:
            # The file stays attached until the connection closes: detaching could fail, and hide what happened.
            with suppress(sa.exc.DBAPIError, RuntimeError):
                self.connection.rollback()
            raise
        self._detach()
        if was_reading:
            self._attach(write=False)

    def _attach(self, *, write: bool, create: bool = False) -> None:
        if not create and not self.path.exists():
            raise WarehouseError(
                f"there is no warehouse file {self.path}",
                hint="make it with `dbt run`, or name another one with --warehouse or SEGJOB_WAREHOUSE",
            )
        if self.path.is_dir() or not self.path.parent.is_dir():
            what = "is a folder, not a file" if self.path.is_dir() else "is in a folder that does not exist"
            raise WarehouseError(f"the warehouse {self.path} {what}", hint="name the file that dbt writes to")
        existing = "" if write else ", read_only"
        option = existing if self.path.exists() else f", storage_version '{STORAGE}'"
        self._attach_with_retry(f"attach '{_escaped(self.path)}' (type duckdb{option})", self.path)
        self._catalog = self._raw.execute(
            "select database_name from duckdb_databases() where not internal and path is not null"
        ).fetchall()[0][0]
        self._raw.execute(f"use {self._quoted_catalog}")

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

    def _detach(self) -> None:
        if self._catalog is not None:
            quoted, self._catalog = self._quoted_catalog, None
            self._raw.execute("use memory")
            self._raw.execute(f"detach {quoted}")

    def _attach_with_retry(self, statement: str, file: Path) -> None:
        """Attach a file, trying again while somebody else holds it."""
        deadline, wait = time.monotonic() + self.lock_timeout, 0.02
        while True:
            try:
                self._raw.execute(statement)
                return
            except duckdb.Error as error:
                problem = opening_error(file, error, self.lock_timeout)
                if not isinstance(problem, WarehouseBusy) or time.monotonic() >= deadline:
                    raise problem from error
            # The jitter keeps two jobs that wait for each other from trying in step.
            time.sleep(min(wait * random.uniform(0.5, 1.5), max(deadline - time.monotonic(), 0.001)))
            wait = min(wait * 1.5, 0.1)

    @property
    def _raw(self) -> Any:
        """DuckDB's own connection: attaching is not something that SQLAlchemy knows."""
        return self.connection.connection.dbapi_connection

    @property
    def _quoted_catalog(self) -> str:
        return _quoted(self._catalog or "")

    def _settings(self) -> dict[str, str]:
        settings = {
            # History has no order worth keeping, and without it inserts run in parallel in bounded memory.
            "preserve_insertion_order": "false",
            # Nothing is ever downloaded at run time.
            "autoinstall_known_extensions": "false",
        }
        if limit := self.memory_limit or _memory_limit():
            settings["memory_limit"] = limit
        if self.temp_directory:
            settings["temp_directory"] = self.temp_directory
        if self.threads:
            settings["threads"] = str(self.threads)
        return settings


class _Names(duckdb_engine.DuckDBIdentifierPreparer):
    """duckdb-engine takes a dot in a schema's name for a database and a schema; here it is a dot."""

    def format_schema(self, name: str) -> str:
        """The schema's name as SQL has it."""
        return self.quote(name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _escaped(path: Path) -> str:
    return str(path).replace("'", "''")


def _memory_limit() -> str | None:
    """The share of the machine's memory, or of its container's where that is less; None, on Windows: DuckDB's own."""
    if not hasattr(os, "sysconf"):
        return None
    return f"{int(_machine_memory() * MEMORY_SHARE) // 2**20}MiB"


def _machine_memory() -> int:
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):
            return min(physical, int(Path(limit).read_text()))
    return physical


def opening_error(path: Path, error: duckdb.Error, waited: float) -> WarehouseError:
    """The engine's message about a file that does not open, with what to do about it."""
    words = first_line(error)
    if re.search(r"(set|onflicting) lock|Unique file handle conflict|used by another process", words):
        holder = re.search(r"held in (\S+)(?: .*)?\(PID (\d+)", words)
        who = f"process {holder[2]} ({holder[1]})" if holder else "another process"
        return WarehouseBusy(
            f"{path} is held by {who}; waited {waited:g} s",
            hint="close it there (a BI tool or a duckdb shell keeps it open), or wait longer with --lock-timeout",
        )
    if "not a valid DuckDB database" in words:
        return WarehouseError(f"{path} is not a DuckDB database", hint="name the file that dbt writes to")
    if "Permission denied" in words or "Read-only" in words:
        return WarehouseError(
            f"{path} cannot be written: {words}", hint="check the permissions of file and folder"
        )
    if any(damage in words for damage in ("Corrupt", "checksum", "Could not read enough bytes")):
        return WarehouseError(
            f"{path} is damaged: {words}", hint="restore it from a copy, or make it again with `dbt run`"
        )
    return WarehouseError(f"{path} cannot be opened: {words}")
