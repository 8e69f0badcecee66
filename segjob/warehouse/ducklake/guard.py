"""One job at a time in a DuckLake whose catalogue many reach: an advisory lock of the PostgreSQL database it is in.

DuckLake lets two jobs insert into one table at once, and each would take the number after the last. The lock belongs to
a transaction of its own: it ends with the job, however that ends, and pgbouncer may stand in between.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import duckdb

from segjob.errors import WarehouseBusy
from segjob.warehouse.advisory_lock import HOLDER, busy
from segjob.warehouse.duckdb.connection import NO_DOWNLOADS
from segjob.warehouse.duckdb.names import literal
from segjob.warehouse.ducklake.extensions import load
from segjob.warehouse.ducklake.place import LakePlace


class Guard:
    """The lock of a schema of a lake, while `held`."""

    def __init__(self, place: LakePlace, schema: str, timeout: float) -> None:
        self.place, self.schema, self.timeout = place, schema, timeout
        self._connection: Any = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the schema against other jobs.

        Raises
        ------
        WarehouseBusy : another job held it for all the time.
        """
        with duckdb.connect(":memory:", config=dict(NO_DOWNLOADS)) as self._connection:
            load(self._connection, "postgres_scanner")
            self._connection.execute(f"attach {literal(self.place.database or '')} as lock (type postgres)")
            self._wait()
            yield
            with suppress(duckdb.Error):
                self._connection.execute("rollback")

    def refuse_lost(self) -> None:
        """Raises a WarehouseBusy if the lock's connection has ended, so that others may be writing."""
        try:
            self._ask("select 1")
        except duckdb.Error:
            raise WarehouseBusy(
                f"the connection to {self.place.label} that kept other jobs out has ended",
                hint="nothing was published; run again",
            ) from None

    def _wait(self) -> None:
        deadline, wait = time.monotonic() + self.timeout, 0.02
        while True:
            self._connection.execute("begin")
            # The transaction stays open for as long as the job writes.
            self._connection.execute(
                "call postgres_execute('lock', 'set local idle_in_transaction_session_timeout to 0')"
            )
            if self._ask(f"select pg_try_advisory_xact_lock(hashtext({literal(self._key)}))")[0]:
                return
            self._connection.execute("rollback")
            if time.monotonic() >= deadline:
                raise self._busy()
            # The jitter keeps two jobs that wait for each other from trying in step.
            time.sleep(wait * random.uniform(0.5, 1.5))
            wait = min(wait * 1.5, 0.25)

    def _ask(self, query: str) -> Any:
        return self._connection.execute(f"from postgres_query('lock', {literal(query)})").fetchone()

    def _busy(self) -> WarehouseBusy:
        return busy(
            self.schema, self.place.label, self._ask(HOLDER.replace(":key", literal(self._key))), self.timeout
        )

    @property
    def _key(self) -> str:
        return f"segjob {self.place.metadata_schema or ''} {self.schema}"
