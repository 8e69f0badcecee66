"""A PostgreSQL server: snapshots, one writing transaction under an advisory lock, readers never blocked."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.schema import CreateSchema
from sqlalchemy.sql.selectable import SelectBase

from segjob.errors import ConfigError, WarehouseBusy, WarehouseError
from segjob.warehouse.advisory_lock import HOLDER, busy
from segjob.warehouse.base import Replacement, Statement, TemporaryTable, Warehouse, WriteTarget
from segjob.warehouse.postgres.replace import refuse_changes_in_use, replace_function, replace_view
from segjob.warehouse.postgres.rights import QUERY
from segjob.warehouse.postgres.staged import StagedTables
from segjob.warehouse.sqlalchemy import SqlAlchemyWarehouse

if TYPE_CHECKING:
    import pandas as pd
    import psycopg

_SESSION = sa.text(
    "select pg_size_bytes(current_setting('work_mem')) < 64 * 1024 * 1024 as needs_memory, pg_backend_pid() as process"
)
_MEMORY = "set local work_mem to '64MB'"
"""Sorts and hash tables of a million rows stay in memory; a user who has set more keeps it."""

_FROM_THE_START = "set local synchronize_seqscans to off"
"""Else a scan may begin where another one is, and rows that were written by key would not come in its order.

Local, because under pgbouncer another transaction may be on another connection, and this one serve somebody else's.
"""

_OWN_TRANSACTION = sa.text("select cast(pg_current_xact_id_if_assigned() as text)")
_FATE = sa.text("select pg_xact_status(cast(:transaction as xid8))")
_FATE_SECONDS = 10.0
"""How long segjob asks for the fate of a transaction whose connection ended in its commit."""

_COPY_HEAD, _COPY_TAIL = 19, 2
"""Bytes before the rows (a signature, flags, an extension of length 0) and after them (an end mark)."""


@dataclass
class Postgres(SqlAlchemyWarehouse):
    """See the module. `schema` is what the advisory lock is about: one job at a time publishes in it."""

    replacing_views_disturbs: ClassVar[bool] = True
    writing_sees_others: ClassVar[bool] = True
    url: sa.URL = field(repr=False)
    schema: str
    lock_timeout: float = 30.0
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    _settings: list[str] = field(default_factory=list, init=False)
    """What each transaction begins with."""
    _staged: StagedTables = field(init=False, repr=False)
    """The temporary tables of the open connection."""

    def __post_init__(self) -> None:
        try:
            self.engine = sa.create_engine(
                self.url.set(drivername="postgresql+psycopg"),
                isolation_level="REPEATABLE READ",
                poolclass=sa.NullPool,
                # Prepared statements stay with a connection, which pgbouncer changes between transactions.
                connect_args={"application_name": "segjob", "prepare_threshold": None},
            )
        except ModuleNotFoundError:
            raise ConfigError(
                "PostgreSQL needs the driver psycopg, which is not installed",
                hint="pip install 'segjob[postgres]'",
            ) from None

        sa.event.listen(self.engine, "begin", self._begun)

    def _begun(self, connection: sa.Connection) -> None:
        for setting in self._settings:
            connection.exec_driver_sql(setting)

    @contextmanager
    def reading(self, *, create: bool = False) -> Iterator[None]:
        with self._connected():
            yield

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[None]:
        if self._connection is not None:
            # A new transaction, because the old snapshot does not see what another job has published since.
            self._staged.leave()
            self.connection.commit()
            self.may_have_changed = True
            with self._locked(), self._staged.again():
                yield
        else:
            with self._connected(), self._locked(), self._staged.again():
                yield

    def execute(self, statement: Statement) -> None:
        """Rows to insert go through a temporary table: PostgreSQL fills only new tables in parallel."""
        if isinstance(statement, CreateSchema) and self.has_schema(str(statement.element)):
            return  # whoever may not create schemas may still own this one
        if not isinstance(statement, sa.Insert) or statement.select is None:
            super().execute(statement)
            return
        select = cast(SelectBase, statement.select)
        names = [column.name for column in select.selected_columns]
        staged = sa.table("segjob_written", *map(sa.column, names), schema="pg_temp")
        sql = f"CREATE TEMPORARY TABLE {staged.name} ON COMMIT DROP AS {self._literal(select)}"
        with self._driver(sql) as cursor:
            cursor.execute(sql)
        self._run(sa.insert(statement.table).from_select(names, sa.select(staged)))
        self._run(sa.text(f"DROP TABLE {staged.fullname}"))

    def stage(self, table: TemporaryTable) -> None:
        self._staged.make(table)

    def replace_each(self, replacements: Sequence[Replacement]) -> None:
        for replacement in replacements:
            (replace_view if replacement.kind == "view" else replace_function)(self, replacement)

    def refuse_dependents(self, replacements: Sequence[Replacement]) -> None:
        refuse_changes_in_use(self, replacements)

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

    def purge(self, tables: Sequence[str]) -> str | None:
        """Nothing: rewriting a table keeps its readers waiting, so that is for the person who runs the server."""
        named = ", ".join(f'"{self.schema}"."{table}"' for table in tables)
        stay = "deleted rows stay in the server's files until their pages are used again"
        return f"{stay}; `vacuum full {named}` removes them now"

    def refusal(self, statement: Statement) -> str | None:
        """In a transaction of its own inside the other one, in which no function writes either."""
        inner = self.connection.begin_nested()
        try:
            self._run(sa.text("set local transaction_read_only to on"))
            return Warehouse.refusal(self, statement)
        finally:
            inner.rollback()

    def insert_frame(self, table: sa.Table, frame: pd.DataFrame) -> None:
        name = self.dialect.identifier_preparer.format_table(table)
        sql = f"COPY {name} FROM STDIN"
        rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False, name=None)
        with self._driver(sql) as cursor, cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)

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
                raise self._failure(error, sql) from error

    def _failure(self, error: Exception, statement: str = "") -> WarehouseError:
        from segjob.warehouse.postgres.errors import failure

        return failure(self.label, error, self.secrets, statement, self.lock_timeout)

    def has_schema(self, schema: str) -> bool:
        """Whether there is a schema of that name, whoever owns it."""
        return bool(
            self.scalar(
                sa.text("select to_regnamespace(quote_ident(:name)) is not null").bindparams(name=schema)
            )
        )

    def missing_rights(self, written: WriteTarget, read: tuple[str, str] | None = None) -> list[str]:
        schema, relation = read or (None, None)
        rows = self.records(
            QUERY.bindparams(
                schema=written.schema,
                tables=list(written.tables),
                views=list(written.views),
                relation_schema=schema,
                relation=relation,
            )
        )
        return [row["problem"] for row in rows]

    @contextmanager
    def _connected(self) -> Iterator[None]:
        connection = self._connect()
        from segjob.warehouse.postgres.errors import DRIVER_ERRORS

        try:
            self._connection = connection
            self._settings = [_FROM_THE_START]
            (session,) = self.records(_SESSION)
            if session["needs_memory"]:
                self._settings.append(_MEMORY)
            # A pooler gives its clients numbers of its own.
            driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
            self._staged = StagedTables(self, is_pooled=driver.info.backend_pid != session["process"])
            connection.rollback()
            yield
        except DRIVER_ERRORS as error:
            raise self._failure(error) from error
        finally:
            self._connection = None
            with suppress(*DRIVER_ERRORS):  # the connection may have ended
                connection.rollback()
            with suppress(*DRIVER_ERRORS):
                connection.close()

    def _connect(self) -> sa.Connection:
        from segjob.warehouse.postgres.errors import connection_error

        try:
            return self.engine.connect()
        except (sa.exc.DBAPIError, TypeError, ValueError) as error:
            raise connection_error(self.label, error, self.secrets) from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One transaction under the schema's lock, which a connection of its own holds.

        The lock has to be there before the snapshot is taken, and it has to end with a transaction and not with a
        session: behind pgbouncer a session is many. So another transaction holds it, which does nothing else.
        """
        with self._lock_holder() as holder:
            # A view that somebody reads cannot be replaced; rather fail than queue up in front of all later readers.
            self.connection.execute(
                sa.text(f"set local lock_timeout = '{int(self.lock_timeout * 1000) + 1}ms'")
            )
            try:
                yield
                holder.scalar(sa.text("select 1"))  # the lock is still there
                self._commit()
            finally:
                with suppress(sa.exc.DBAPIError):
                    self.connection.rollback()

    def _commit(self) -> None:
        """Commit; if the connection ends in that moment, the server knows what became of the transaction."""
        transaction = self.scalar(_OWN_TRANSACTION)
        try:
            self.connection.commit()
        except sa.exc.DBAPIError as error:
            from segjob.warehouse.postgres.errors import has_ended

            if transaction is None or not has_ended(error) or not self._was_committed(transaction):
                raise self._failure(error, "commit") from error
            self.late_failures.append("all is written, but the connection ended while the server said so")

    def _was_committed(self, transaction: str) -> bool:
        """What became of a transaction of a connection that ended.

        Raises
        ------
        WarehouseError : nobody can say.
        """
        deadline = time.monotonic() + _FATE_SECONDS
        while time.monotonic() < deadline:
            with suppress(sa.exc.DBAPIError), self.engine.connect() as connection:
                fate = connection.scalar(_FATE.bindparams(transaction=transaction))
                if fate != "in progress":
                    return bool(fate == "committed")
            time.sleep(0.2)
        raise WarehouseError(
            f"the connection to {self.label} ended in the commit, and the server does not answer since",
            hint="whether it was published is not known: see `segjob history` when the server is there",
        )

    @contextmanager
    def _lock_holder(self) -> Iterator[sa.Connection]:
        key = sa.func.hashtext(self._lock_key)
        attempt = sa.select(sa.func.pg_try_advisory_xact_lock(key))
        holder = self._connect()
        try:
            deadline, wait = time.monotonic() + self.lock_timeout, 0.02
            while not self._granted(holder, attempt):
                if time.monotonic() >= deadline:
                    raise self._busy(holder)
                time.sleep(wait * random.uniform(0.5, 1.5))
                wait = min(wait * 1.5, 0.25)
            yield holder
        finally:
            for end in (holder.rollback, holder.close):
                with suppress(sa.exc.DBAPIError):
                    end()

    @staticmethod
    def _granted(holder: sa.Connection, attempt: sa.Select[tuple[bool]]) -> bool:
        """Try for the lock; its transaction then stays open, however long the run takes."""
        holder.exec_driver_sql("set local idle_in_transaction_session_timeout to 0")
        if holder.scalar(attempt):
            return True
        holder.rollback()
        return False

    def _busy(self, holder: sa.Connection) -> WarehouseBusy:
        other = holder.execute(sa.text(HOLDER).bindparams(key=self._lock_key)).first()
        return busy(
            self.schema, self.label, None if other is None else (other[0], other[1]), self.lock_timeout
        )

    @property
    def _lock_key(self) -> str:
        return f"segjob {self.schema}"
