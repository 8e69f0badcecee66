"""A PostgreSQL server: snapshots, one writing transaction under an advisory lock, readers never blocked."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.sql.selectable import SelectBase

from segjob.errors import ConfigError, StatementFailed, WarehouseBusy, WarehouseError
from segjob.warehouse.base import Statement
from segjob.warehouse.sqlalchemy import SqlAlchemyWarehouse, first_line

_HOLDER = sa.text(
    "select a.pid, coalesce(a.application_name, '') as application from pg_locks as l "
    "inner join pg_stat_activity as a on a.pid = l.pid "
    "where l.locktype = 'advisory' and l.granted and a.pid <> pg_backend_pid() limit 1"
)

_MEMORY = sa.text(
    "select set_config('work_mem', '64MB', false) where pg_size_bytes(current_setting('work_mem')) < 64 * 1024 * 1024"
)
"""Sorts and hash tables of a million rows stay in memory; who has set more keeps it."""

_FROM_THE_START = sa.text("set synchronize_seqscans to off")
"""Else a scan may begin where another one is, and rows that were written by key would not come in its order."""

_COPY_HEAD, _COPY_TAIL = 19, 2
"""Bytes before the rows (a signature, flags, an extension of length 0) and after them (an end mark)."""


@dataclass
class Postgres(SqlAlchemyWarehouse):
    """See the module. `schema` is what the advisory lock is about: one job at a time publishes in it."""

    replacing_views_disturbs: ClassVar[bool] = True
    writing_sees_others: ClassVar[bool] = True
    url: sa.URL
    schema: str
    lock_timeout: float = 30.0

    def __post_init__(self) -> None:
        try:
            self.engine = sa.create_engine(
                self.url.set(drivername="postgresql+psycopg"),
                isolation_level="REPEATABLE READ",
                poolclass=sa.NullPool,
                connect_args={"application_name": "segjob"},
            )
        except ModuleNotFoundError:
            raise ConfigError(
                "PostgreSQL needs the driver psycopg, which is not installed",
                hint="pip install 'segjob[postgres]'",
            ) from None

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._connected():
            yield

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[None]:
        if self._connection is not None:
            # A new transaction, because the old snapshot does not see what another job has published since.
            self.connection.commit()
            self.may_have_changed = True
            with self._locked():
                yield
        else:
            with self._connected(), self._locked():
                yield

    def execute(self, statement: Statement) -> None:
        """Rows to insert go through a temporary table: PostgreSQL fills only new tables in parallel."""
        if not isinstance(statement, sa.Insert) or statement.select is None:
            super().execute(statement)
            return
        select = cast(SelectBase, statement.select)
        names = [column.name for column in select.selected_columns]
        staged = sa.table("segjob_written", *map(sa.column, names))
        sql = f"CREATE TEMPORARY TABLE {staged.name} ON COMMIT DROP AS {self._literal(select)}"
        with self._driver(sql) as cursor:
            cursor.execute(sql)
        self._run(sa.insert(statement.table).from_select(names, sa.select(staged)))
        self._run(sa.text(f"DROP TABLE {staged.name}"))

    def arrays(self, statement: Statement) -> dict[str, NDArray[np.float64]]:
        """By COPY in its binary format, which is an array already: a hundred thousand rows as tuples take seconds."""
        answer = cast(SelectBase, statement).subquery("answer")
        nothing: sa.ColumnElement[float] = sa.literal_column("'NaN'", sa.Double())
        numbers: SelectBase = sa.select(
            *(sa.func.coalesce(sa.cast(c, sa.Double()), nothing) for c in answer.c)
        )
        sql = f"COPY ({self._literal(numbers)}) TO STDOUT (FORMAT binary)"
        with self._driver(sql) as cursor, cursor.copy(sql) as copy:
            received = b"".join(copy)[_COPY_HEAD:-_COPY_TAIL]
        names = [c.name for c in answer.c]
        fields = [part for j in range(len(names)) for part in ((f"l{j}", ">i4"), (f"v{j}", ">f8"))]
        table = np.frombuffer(received, np.dtype([("fields", ">i2"), *fields]))
        return {name: table[f"v{j}"].astype(np.float64) for j, name in enumerate(names)}

    def _literal(self, select: SelectBase) -> str:
        """A select without parameters, for which percent signs would be doubled."""
        return self.sql(select, literal=True).replace("%%", "%")

    @contextmanager
    def _driver(self, sql: str) -> Iterator[Any]:
        """The driver's own cursor, for a statement that SQLAlchemy has no words for; one entry in the ledger."""
        import psycopg

        if not self.connection.in_transaction():  # SQLAlchemy does not see what goes past it
            self.connection.begin()
        driver = cast("psycopg.Connection[Any]", self.connection.connection.driver_connection)
        with self.ledger.entry(), driver.cursor() as cursor:
            try:
                yield cursor
            except psycopg.Error as error:
                words = first_line(error)
                raise StatementFailed(
                    f"{self.label} refused a statement: {words}", sql, words=words
                ) from error

    def _run(self, statement: Statement) -> sa.CursorResult[Any]:
        try:
            return super()._run(statement)
        except StatementFailed as failed:
            if "lock timeout" not in failed.message:
                raise
            raise WarehouseBusy(
                f"somebody reads what {self.label} has to replace; waited {self.lock_timeout:g} s: "
                f"{(failed.statement or '').splitlines()[0][:100]}",
                hint="end the open transaction there, or wait longer with --lock-timeout",
            ) from failed

    @contextmanager
    def _connected(self) -> Iterator[None]:
        try:
            connection = self.engine.connect()
        except sa.exc.OperationalError as error:
            raise WarehouseError(
                f"{self.label} cannot be reached: {first_line(error.orig)}",
                hint="check host, port, database and user; the password comes from the profile or the environment",
            ) from None
        with connection:
            self._connection = connection
            connection.execute(_MEMORY)
            connection.execute(_FROM_THE_START)
            connection.commit()
            try:
                yield
            finally:
                connection.rollback()
                self._connection = None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock is the session's and not the transaction's: it has to be there before the snapshot is taken."""
        key = sa.func.hashtext(f"segjob {self.schema}")
        self._wait_for(sa.select(sa.func.pg_try_advisory_lock(key)))
        try:
            # A view that somebody reads cannot be replaced; rather fail than queue up in front of all later readers.
            self.connection.execute(
                sa.text(f"set local lock_timeout = '{int(self.lock_timeout * 1000) + 1}ms'")
            )
            yield
            self.connection.commit()
        finally:
            self.connection.rollback()
            self.connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))
            self.connection.commit()

    def _wait_for(self, attempt: sa.Select[tuple[bool]]) -> None:
        deadline, wait = time.monotonic() + self.lock_timeout, 0.02
        while not self._granted(attempt):
            if time.monotonic() >= deadline:
                holder = self.records(_HOLDER)
                who = f"process {holder[0]['pid']} ({holder[0]['application']})" if holder else "another job"
                raise WarehouseBusy(
                    f"schema {self.schema} of {self.label} is being published to by {who}; "
                    f"waited {self.lock_timeout:g} s",
                    hint="try again, or wait longer with --lock-timeout",
                )
            time.sleep(wait * random.uniform(0.5, 1.5))
            wait = min(wait * 1.5, 0.25)

    def _granted(self, attempt: sa.Select[tuple[bool]]) -> bool:
        granted = bool(self.scalar(attempt))
        self.connection.commit()
        return granted
