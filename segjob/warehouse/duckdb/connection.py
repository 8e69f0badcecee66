"""A DuckDB process of our own, to which a warehouse is attached: read-only first, and for writing as late as possible.

The connection itself is an in-memory database, which keeps the temporary tables. What is attached is the subclass's
own: a file, or a DuckLake.
"""

from __future__ import annotations

import os
import random
import time
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import duckdb
import sqlalchemy as sa

from segjob.errors import ConfigError, WarehouseBusy, WarehouseError
from segjob.warehouse.base import Statement
from segjob.warehouse.duckdb.dialect import engine
from segjob.warehouse.duckdb.errors import DRIVER_ERRORS
from segjob.warehouse.duckdb.names import literal, quoted
from segjob.warehouse.duckdb.undo import GuardedCheckpoint, settle, undo_file
from segjob.warehouse.sqlalchemy import SqlAlchemyWarehouse, first_line

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

MEMORY_SHARE = 0.25
"""Share of the machine's memory that DuckDB may use where the config says nothing."""

NO_DOWNLOADS = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
"""Nothing is ever downloaded at run time."""
_FUNCTIONS = """
abs approx_count_distinct approx_quantile avg bit_count bit_or bit_xor bitstring_agg ceil chr coalesce
concat contains corr count current_catalog current_database current_schema dense_rank duckdb_databases exp
extract floor format generate_series get_bit greatest hash isfinite isinf isnan lag lead least length ln log
lower max md5 median min mod percentile_cont position power pow quantile_cont quantile_disc random range
rank regexp_matches regexp_replace replace round row_number sha256 sign sqrt stddev_pop stddev_samp substr
substring sum trim trunc upper var_pop var_samp xor
"""
FUNCTIONS = frozenset(_FUNCTIONS.split())
"""Functions that segjob's statements call or may call; see `_refuse_shadowed_functions`."""


@dataclass
class DuckDBConnection(SqlAlchemyWarehouse):
    """See the module."""

    has_bitmaps: ClassVar[bool] = True

    lock_timeout: float = field(default=30.0, kw_only=True)
    memory_limit: str | None = field(default=None, kw_only=True)
    temp_directory: str | None = field(default=None, kw_only=True)
    threads: int | None = field(default=None, kw_only=True)
    external_access: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        self.engine = engine(self._settings())
        self._catalog: str | None = None
        self._looked_through: Any = None
        self._is_open_to_files = True
        self._checkpoint: GuardedCheckpoint | None = None

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

    @abstractmethod
    def _open(self, *, write: bool, create: bool) -> None:
        """Attach the warehouse; nothing else that has a path is attached."""

    @abstractmethod
    def _signature(self) -> Any:
        """What stays equal while nobody writes."""

    def _changed_since(self, seen: Any) -> bool:
        """Whether rows that the job has read may be others since the signature was that."""
        return bool(self._signature() != seen)

    @abstractmethod
    def _merge_log(self) -> None:
        """After a commit, before the warehouse is detached."""

    def _merge_log_of(self, file: Path, catalog: str) -> None:
        self._checkpoint = self._checkpoint or GuardedCheckpoint(file)
        self._checkpoint.run(self._raw, catalog)

    def _close_checkpoint(self) -> None:
        if self._checkpoint is not None:
            self._checkpoint.close()
            self._checkpoint = None

    @abstractmethod
    def _own_places(self) -> tuple[list[str], list[str]]:
        """Files and folders that stay open when other files are forbidden."""

    @abstractmethod
    def _opening_error(self, file: Path, error: Exception) -> WarehouseError:
        """Why something could not be attached."""

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            with self._opened() as connection:
                self._connection = connection
                # DuckDB draws its bar on stdout, terminal or not, into the middle of a JSON document.
                self._raw.execute("set enable_progress_bar = false")
                # It would merge the log when it lets go of a file, and that is for `_merge_log` alone.
                self._raw.execute("pragma disable_checkpoint_on_shutdown")
                self._is_open_to_files = True
                yield
        except (RuntimeError, WarehouseError, *DRIVER_ERRORS) as error:
            # This is how DuckDB lets Ctrl-C through while a statement runs.
            if "Query interrupted" in str(error) or "INTERRUPT Error" in str(error):
                raise KeyboardInterrupt from error
            if isinstance(error, DRIVER_ERRORS):
                raise self._failure(error) from error
            raise
        finally:
            # Closing the last connection closes the file; statements that detach it could fail in their turn.
            self._connection = self._catalog = None
            self.engine.dispose()
            self._close_checkpoint()

    def _forbid_other_files(self) -> None:
        """Views over other files fail from here on; the warehouse itself and the folder to spill to stay open."""
        for setting, places in zip(("allowed_paths", "allowed_directories"), self._own_places(), strict=True):
            self._raw.execute(f"set {setting} = [{', '.join(map(literal, places))}]")
        self._raw.execute("set enable_external_access = false")
        self._is_open_to_files = False

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
        self.may_have_changed = was_reading and self._changed_since(seen)
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
            raise self._failure(error, "commit") from error

    def _after_commit(self, was_reading: bool) -> None:
        """Let go of what was written, and read again. What fails here is a warning: the commit stands."""
        try:
            self._merge_log()
            self._looked_through = self._signature()
        except (duckdb.Error, OSError) as error:
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
        self._open(write=write, create=create)
        self._catalog = self._raw.execute(
            "select database_name from duckdb_databases() where not internal and path is not null"
        ).fetchall()[0][0]
        self._raw.execute(f"use {self._quoted_catalog}")
        if not self.external_access and self._is_open_to_files:
            self._forbid_other_files()
        # DuckDB lists its thousand own functions, too: 20 ms, which every opening of the file would take.
        if (signature := self._signature()) != self._looked_through:
            self._refuse_shadowed_functions()
            self._looked_through = signature

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
                f"{self.label} has a macro that takes the place of DuckDB's own function: {names}",
                hint="drop it or rename it: segjob's statements call that function",
            )

    def _detach(self) -> None:
        if self._catalog is not None:
            quoted, self._catalog = self._quoted_catalog, None
            self._raw.execute("use memory")
            self._raw.execute(f"detach {quoted}")
            self._close_checkpoint()

    def _attach_with_retry(self, statement: str, file: Path) -> None:
        """Attach a file, trying again while somebody else holds it, and once what a killed job left is undone."""
        deadline, wait, may_settle = time.monotonic() + self.lock_timeout, 0.02, True
        while True:
            try:
                self._raw.execute(statement)
                return
            except duckdb.Error as error:
                problem = self._opening_error(file, error)
                if may_settle and "checksum" in str(error):
                    may_settle = False
                    _settle(file)
                    continue
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
        return quoted(self._catalog or "")

    def _settings(self) -> dict[str, str]:
        settings = {
            # History has no order worth keeping, and without it inserts run in parallel in bounded memory.
            "preserve_insertion_order": "false",
            **NO_DOWNLOADS,
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


def _settle(file: Path) -> None:
    try:
        settle(file)
    except OSError as error:
        raise WarehouseError(
            f"a job was killed while it wrote {file}, and what it left cannot be undone: {error.strerror}",
            hint=f"run any command of segjob as a user who may write it; it needs {undo_file(file)}",
        ) from error


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
