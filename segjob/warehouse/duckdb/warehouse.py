"""A DuckDB file: held read-only while reading, held for writing as late and as briefly as possible.

One process may write a file or many may read it. So the connection itself is an in-memory database, which keeps the
temporary tables, and the file is attached to it: read-only first, and again for writing in the moment of publishing.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import duckdb
import duckdb_engine
import sqlalchemy as sa

from segjob.errors import ConfigError, WarehouseBusy, WarehouseError
from segjob.warehouse.base import Statement, WriteTarget
from segjob.warehouse.duckdb.errors import DRIVER_ERRORS, failure, opening_error
from segjob.warehouse.duckdb.rewrite import refuse_unrewritable, rewrite
from segjob.warehouse.sqlalchemy import SqlAlchemyWarehouse, first_line

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

STORAGE = "v1.0.0"
"""Storage version of new files, so that BI tools that still carry DuckDB 1.x open them."""
MEMORY_SHARE = 0.25
"""Share of the machine's memory that DuckDB may use where the config says nothing."""

_OWN_FILES = ("", ".wal", ".wal.checkpoint", ".wal.recovery")
"""What DuckDB opens beside each other for one file."""
_FUNCTIONS = """
abs approx_count_distinct approx_quantile avg bit_xor ceil chr coalesce concat contains corr count
current_catalog current_database current_schema dense_rank duckdb_databases exp extract floor format
generate_series greatest hash isfinite isinf isnan lag lead least length ln log lower max md5 median min mod
percentile_cont position power pow quantile_cont quantile_disc random range rank regexp_matches regexp_replace
replace round row_number sha256 sign sqrt stddev_pop stddev_samp substr substring sum trim trunc upper var_pop
var_samp xor
"""
FUNCTIONS = frozenset(_FUNCTIONS.split())
"""Functions that segjob's statements call or may call; see `_refuse_shadowed_functions`."""


@dataclass
class DuckDBFile(SqlAlchemyWarehouse):
    """See the module."""

    path: Path
    lock_timeout: float = 30.0
    memory_limit: str | None = None
    temp_directory: str | None = None
    threads: int | None = None
    external_access: bool = True

    def __post_init__(self) -> None:
        self.engine = sa.create_engine("duckdb:///:memory:", connect_args={"config": self._settings()})
        self.engine.dialect.identifier_preparer = _Names(cast(duckdb_engine.Dialect, self.engine.dialect))
        self._catalog: str | None = None

    @contextmanager
    def reading(self, *, create: bool = False) -> Iterator[None]:
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
            raise opening_error(file, error) from error

    def refuse_unpurgeable(self) -> None:
        refuse_unrewritable(self.path)

    def purge(self, tables: Sequence[str]) -> str | None:
        """Write the whole file anew: what DuckDB deletes stays in its free blocks for as long as nothing needs them."""
        with self._connected():
            self._attach(write=True)
            rewrite(self._raw, self._catalog or "", self.path)
            # The old file has no name any more; it is gone when the connection closes.
        return None

    def arrays(self, statement: Statement) -> dict[str, NDArray[np.float64]]:
        import numpy as np

        result = self._run(statement)
        columns = result.cursor.fetchnumpy()
        return {name: np.ma.filled(column.astype(np.float64), np.nan) for name, column in columns.items()}

    def insert_frame(self, table: sa.Table, frame: pd.DataFrame) -> None:
        name = self.dialect.identifier_preparer.format_table(table)
        with self.ledger.entry():
            self._raw.register("segjob_frame", frame)
            try:
                self._raw.execute(f"insert into {name} select * from segjob_frame")
            except duckdb.Error as error:
                raise self._failure(error, f"insert into {name}") from error
            finally:
                self._raw.unregister("segjob_frame")

    def _catalogue_of_columns(self) -> sa.FromClause:
        # What information_schema.columns is a view of; binding all columns of the view takes longer than most reads.
        return (
            sa.select(
                sa.column("database_name").label("table_catalog"),
                sa.column("schema_name").label("table_schema"),
                *map(sa.column, ("table_name", "column_name", "data_type")),
                sa.column("column_index").label("ordinal_position"),
            )
            .select_from(sa.func.duckdb_columns())
            .subquery("columns")
        )

    def missing_rights(self, written: WriteTarget, read: tuple[str, str] | None = None) -> list[str]:
        places = (self.path, self.path.parent)  # the log is written beside the file
        return [f"{place} cannot be written" for place in places if not os.access(place, os.W_OK)]

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            with self._opened() as connection:
                self._connection = connection
                # DuckDB draws its bar on stdout, terminal or not, into the middle of a JSON document.
                self._raw.execute("set enable_progress_bar = false")
                if not self.external_access:
                    self._forbid_other_files()
                yield
        except (RuntimeError, WarehouseError, *DRIVER_ERRORS) as error:
            # This is how DuckDB lets Ctrl-C through while a statement runs.
            if "Query interrupted" in str(error) or "INTERRUPT Error" in str(error):
                raise KeyboardInterrupt from error
            if isinstance(error, DRIVER_ERRORS):
                raise failure(self.path, error) from error
            raise
        finally:
            # Closing the last connection closes the file; statements that detach it could fail in their turn.
            self._connection = self._catalog = None
            self.engine.dispose()

    def _failure(self, error: Exception, statement: str = "") -> WarehouseError:
        return failure(self.path, error, statement)

    def _forbid_other_files(self) -> None:
        """Views over other files fail from here on; the file itself, its log and the folder to spill to stay open."""
        own = ", ".join(f"'{_escaped(self.path)}{part}'" for part in _OWN_FILES)
        self._raw.execute(f"set allowed_paths = [{own}]")
        self._raw.execute("set enable_external_access = false")

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
            self._commit()
        except BaseException:
            # The file stays attached until the connection closes: detaching could fail, and hide what happened.
            with suppress(sa.exc.DBAPIError, RuntimeError):
                self.connection.rollback()
            raise
        self._after_commit(was_reading)

    def _commit(self) -> None:
        """Into the write-ahead log: that fails before anything is published, or not at all."""
        try:
            self.connection.commit()
        except sa.exc.DBAPIError as error:
            raise failure(self.path, error, "commit") from error

    def _after_commit(self, was_reading: bool) -> None:
        """Merge the log into the file, and read again. What fails here is a warning: the commit stands."""
        try:
            self._raw.execute(f"checkpoint {self._quoted_catalog}")
        except duckdb.Error as error:
            self.late_failures.append(
                f"all is written, but the next job has to merge the log into the file: {first_line(error)}"
            )
        try:
            self._detach()
            if was_reading:
                self._attach(write=False)
        except (duckdb.Error, WarehouseError) as error:
            self.late_failures.append(
                f"all is written, but the file could not be read again: {first_line(error)}"
            )

    def _attach(self, *, write: bool, create: bool = False) -> None:
        self._inspect_path(create)
        existing = "" if write else ", read_only"
        option = existing if self.path.exists() else f", storage_version '{STORAGE}'"
        self._attach_with_retry(f"attach '{_escaped(self.path)}' (type duckdb{option})", self.path)
        self._catalog = self._raw.execute(
            "select database_name from duckdb_databases() where not internal and path is not null"
        ).fetchall()[0][0]
        self._raw.execute(f"use {self._quoted_catalog}")
        self._refuse_shadowed_functions()

    def _inspect_path(self, create: bool) -> None:
        """Refuse what is not a file before DuckDB opens it: a pipe would never answer.

        Raises
        ------
        WarehouseError : there is no such file, or it is something else.
        """
        path, hint = self.path, "name the file that dbt writes to"
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

    def _refuse_shadowed_functions(self) -> None:
        """A macro in the file's own schema comes before the function of that name that segjob's statements call."""
        macros = self._raw.execute(
            "select function_name from duckdb_functions() "
            "where not internal and database_name = ? and schema_name = 'main'",
            [self._catalog],
        ).fetchall()
        if shadowed := FUNCTIONS.intersection(name for (name,) in macros):
            names = ", ".join(sorted(shadowed))
            raise WarehouseError(
                f"{self.path} has a macro that takes the place of DuckDB's own function: {names}",
                hint="drop it or rename it: segjob's statements call that function",
            )

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
            "autoload_known_extensions": "false",
            # A commit is then a write to the log alone, and its success the run's; see _after_commit.
            "checkpoint_threshold": "1TB",
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
