"""What is PostgreSQL's own: its lock, its secrets, its missing driver."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from small_warehouse import Outcome, Segjob, customers

from .conftest import Engine, _postgres

At = Callable[..., Outcome]
RUN = ("run", "--from", "customers", "--key", "id", "--features", "income,score", "--name", "groups", "-q")


@pytest.fixture
def filled(server: str, folder: Path) -> Engine:
    engine = _postgres(server)
    engine.fill("customers", "id integer, income double precision, score double precision", customers())
    return engine


def test_a_second_job_waits_and_says_who_it_waits_for(filled: Engine, at: At) -> None:
    holder = sa.create_engine(filled.url.replace("postgresql://", "postgresql+psycopg://"))
    with holder.connect() as connection:
        connection.exec_driver_sql("select pg_advisory_lock(hashtext('segjob segments'))")
        pid = connection.exec_driver_sql("select pg_backend_pid()").scalar()
        outcome = at(filled, *RUN, "--lock-timeout", "0.3")
    holder.dispose()
    assert outcome.code == 4
    assert f"by process {pid}" in outcome.err
    assert "waited 0.3 s" in outcome.err
    assert at(filled, *RUN).code == 0


def test_readers_are_not_blocked_while_a_run_publishes(filled: Engine, at: At) -> None:
    assert at(filled, *RUN).code == 0
    reader = sa.create_engine(filled.url.replace("postgresql://", "postgresql+psycopg://"))
    with reader.connect() as connection:
        before = connection.exec_driver_sql("select count(*), max(run_id) from segments.groups").one()
        assert at(filled, *RUN).code == 0
        after = connection.exec_driver_sql("select count(*), max(run_id) from segments.groups").one()
    reader.dispose()
    assert tuple(before) == (150, 1)
    assert tuple(after) == (150, 2)


def test_the_password_is_in_no_message(segjob: Segjob, folder: Path) -> None:
    url = "postgresql://somebody:s3cret@127.0.0.1:1/shop"
    outcome = segjob("history", "--warehouse", url)
    assert outcome.code == 4
    assert "s3cret" not in outcome.err + outcome.out
    assert "cannot be reached" in outcome.err


def test_the_password_is_in_no_table(filled: Engine, segjob: Segjob) -> None:
    url = filled.url.replace("postgres:@", "postgres:s3cret@")
    assert segjob(*RUN, "--warehouse", url).code == 0
    assert filled.query(
        "select count(*) from segments.runs where position('s3cret' in config || versions) > 0"
    ) == [(0,)]


def test_a_missing_driver_says_which_extra_to_install(
    segjob: Segjob, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    outcome = segjob("history", "--warehouse", "postgresql://localhost/shop")
    assert outcome.code == 2
    assert "segjob[postgres]" in outcome.err
