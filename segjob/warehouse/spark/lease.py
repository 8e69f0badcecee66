"""One job at a time on a catalogue that many reach and that has no locks: Spark Connect, or a cluster's.

A job creates a view of its own, its flag, and then looks for the flags of others. Two jobs that do so at once both see
the other's, so that never two go on (Dijkstra 1965 calls it mutual exclusion by flags); who sees another flag takes its
own down and waits. A flag holds the server's time and is renewed while the job lives: a job that died is not waited for
longer than `LEASE_SECONDS`.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from segjob.errors import StatementFailed, WarehouseBusy, WarehouseError

LEASE_SECONDS = 60.0
"""How old a flag becomes before the job that raised it counts as dead. Four renewals fit in, and a slow planner."""
_RENEWALS = 4
FLAGS = "segjob_lock_"
"""What the views begin with; each may go at any moment."""


@dataclass
class Lease:
    """A flag in a schema. send, rows : run a statement; holder : how messages of other jobs name this one."""

    schema: str
    label: str
    holder: str
    send: Callable[[str], None]
    rows: Callable[[str], list[Any]]
    _view: str = field(default_factory=lambda: FLAGS + secrets.token_hex(6), init=False)
    _renewed: float = field(default=0.0, init=False)
    _is_lost: bool = field(default=False, init=False)

    @contextmanager
    def held(self, timeout: float) -> Iterator[None]:
        """Hold the schema against other jobs.

        Raises
        ------
        WarehouseBusy : another job held it for `timeout` seconds.
        """
        self._wait(timeout)
        end = Event()
        renewing = Thread(target=self._renew_until, args=(end,), daemon=True)
        renewing.start()
        try:
            yield
        finally:
            end.set()
            renewing.join()
            self._take_down()

    def refuse_lost(self) -> None:
        """Raises a WarehouseBusy if others may have taken this job for dead, and so may be writing."""
        if self._is_lost or time.monotonic() - self._renewed > LEASE_SECONDS / 2 or self._others():
            raise WarehouseBusy(
                f"{self.label} did not answer for so long that another job may be publishing in {self.schema}",
                hint="nothing was published; run again",
            )

    def _wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            others = self._others()
            if not others:
                self._renew("CREATE OR REPLACE VIEW")
                others = self._others()
                if not others:
                    return
                self._take_down()
            if time.monotonic() >= deadline:
                raise WarehouseBusy(
                    f"schema {self.schema} of {self.label} is being published to by {others[0]}; waited {timeout:g} s",
                    hint="try again, or wait longer with --lock-timeout; a job that died is waited for "
                    f"{LEASE_SECONDS:g} s at most",
                )
            # The jitter keeps two jobs that wait for each other from trying in step.
            time.sleep(random.uniform(0.2, 1.0))

    def _others(self) -> list[str]:
        """Who holds the other flags; those of dead jobs are taken down."""
        holders = []
        for row in self.rows(f"SHOW VIEWS IN {self.schema} LIKE '{FLAGS}*'"):
            view = row["viewName"]
            if view == self._view:
                continue
            try:
                (flag,) = self.rows(
                    f"SELECT holder, unix_timestamp() - beat AS age FROM {self.schema}.{view}"
                )
            except (StatementFailed, ValueError):  # taken down meanwhile
                continue
            if flag["age"] > LEASE_SECONDS:
                with suppress(StatementFailed):
                    self.send(f"DROP VIEW IF EXISTS {self.schema}.{view}")
            else:
                holders.append(str(flag["holder"]))
        return holders

    def _renew(self, how: str) -> None:
        begun = time.monotonic()
        (now,) = self.rows("SELECT unix_timestamp() AS now")
        flag = f"SELECT '{self.holder}' AS holder, {int(now['now'])} AS beat"
        self.send(f"{how} {self.schema}.{self._view} AS {flag}")
        self._renewed = begun

    def _renew_until(self, end: Event) -> None:
        while not end.wait(LEASE_SECONDS / _RENEWALS):
            try:
                self._renew("ALTER VIEW")
            except StatementFailed:  # somebody took the flag down
                self._is_lost = True
                return
            except WarehouseError:  # the next renewal may get through; `_renewed` says if it is too late
                continue

    def _take_down(self) -> None:
        with suppress(WarehouseError):
            self.send(f"DROP VIEW IF EXISTS {self.schema}.{self._view}")
