"""One job at a time on a catalogue that many reach and that has no locks: Spark Connect, a cluster's, or Snowflake's.

A job creates a view of its own, its flag, and then looks for the flags of others. Two jobs that do so at once both see
the other's, so that never two go on (Dijkstra 1965 calls it mutual exclusion by flags); who sees another flag takes its
own down and waits. A job that was taken for dead may wake up and write on, so its run's number is never another's: a
number is claimed by a view that only one job can create. A flag holds the server's time and is renewed while the job
lives: a job that died is not waited for longer than `LEASE_SECONDS`.
"""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any, ClassVar

from segjob.errors import StatementFailed, WarehouseBusy, WarehouseError

LEASE_SECONDS = 60.0
"""How old a flag becomes before the job that raised it counts as dead. Four renewals fit in, and a slow planner."""
_RENEWALS = 4
FLAGS = "segjob_lock_"
"""What the views begin with; each may go at any moment."""
CLAIMS = "segjob_number_"
"""What the views begin with that say which numbers are taken."""


@dataclass
class Lease:
    """A flag in a schema. send, rows : run a statement; holder : how messages of other jobs name this one.

    The statements are Spark's; an engine with other words for the same has a subclass.
    """

    NOW: ClassVar[str] = "unix_timestamp()"
    """The server's time in seconds."""
    RENEW: ClassVar[str] = "ALTER VIEW"
    """What a statement begins with that gives a view that is there another select."""

    schema: str
    label: str
    holder: str
    send: Callable[[str], None]
    rows: Callable[[str], list[Any]]
    _view: str = field(default_factory=lambda: FLAGS + secrets.token_hex(6), init=False)
    _renewed: float = field(default=0.0, init=False)
    _is_lost: bool = field(default=False, init=False)
    _claimed: int | None = field(default=None, init=False)

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
            self._release(self._claimed)  # it is in `runs` now; that of a job that fails stays taken
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

    def claim_number(self, after: int) -> int:
        """A number above `after` that no job has had. Claims up to `after` are taken down: it is beyond them."""
        claimed = self._claims()
        for number in claimed:
            if number <= after:
                self._release(number)
        number = max([after, *claimed]) + 1
        while True:
            try:
                self.send(f"CREATE VIEW {self.schema}.{CLAIMS}{number} AS SELECT {number} AS run_id")
            except StatementFailed:
                if number not in self._claims():
                    raise
                number += 1
            else:
                self._claimed = number
                return number

    def _views(self, prefix: str) -> list[str]:
        """Names of the schema's views that begin so."""
        return [row["viewName"] for row in self.rows(f"SHOW VIEWS IN {self.schema} LIKE '{prefix}*'")]

    def _claims(self) -> list[int]:
        views = self._views(CLAIMS)
        return [int(view.removeprefix(CLAIMS)) for view in views if view.removeprefix(CLAIMS).isdigit()]

    def _release(self, number: int | None) -> None:
        if number is not None:
            with suppress(WarehouseError):
                self.send(f"DROP VIEW IF EXISTS {self.schema}.{CLAIMS}{number}")

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
        for view in self._views(FLAGS):
            if view == self._view:
                continue
            try:
                (flag,) = self.rows(f"SELECT holder, {self.NOW} - beat AS age FROM {self.schema}.{view}")
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
        (now,) = self.rows(f"SELECT {self.NOW} AS now")
        flag = f"SELECT '{self.holder}' AS holder, {int(now['now'])} AS beat"
        self.send(f"{how} {self.schema}.{self._view} AS {flag}")
        self._renewed = begun

    def _renew_until(self, end: Event) -> None:
        while not end.wait(LEASE_SECONDS / _RENEWALS):
            try:
                self._renew(self.RENEW)
            except StatementFailed:  # somebody took the flag down
                self._is_lost = True
                return
            except WarehouseError:  # the next renewal may get through; `_renewed` says if it is too late
                continue

    def _take_down(self) -> None:
        with suppress(WarehouseError):
            self.send(f"DROP VIEW IF EXISTS {self.schema}.{self._view}")
