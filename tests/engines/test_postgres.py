"""What is PostgreSQL's own: its lock, its secrets, its missing driver."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from helpers.engines import Engine, duckdb_engine, postgres_engine
from helpers.small_warehouse import RUN_GROUPS, Outcome, Segjob, customers

from segjob.config import Config
from segjob.errors import StatementFailed
from segjob.statements.relation import Relation
from segjob.statements.unique_keys import keys_out_of_order
from segjob.warehouse.connect import connect

At = Callable[..., Outcome]


@pytest.fixture
def filled(server: str, folder: Path) -> Engine:
    engine = postgres_engine(server)
    engine.fill("customers", "id integer, income double precision, score double precision", customers())
    return engine


def test_a_second_job_waits_and_says_who_it_waits_for(filled: Engine, at: At) -> None:
    holder = sa.create_engine(filled.url.replace("postgresql://", "postgresql+psycopg://"))
    with holder.connect() as other, holder.connect() as connection:
        for lock in range(20):  # of another program
            other.exec_driver_sql(f"select pg_advisory_lock({lock})")
        connection.exec_driver_sql("select pg_advisory_lock(hashtext('segjob segments'))")
        pid = connection.exec_driver_sql("select pg_backend_pid()").scalar()
        outcome = at(filled, *RUN_GROUPS, "--lock-timeout", "0.3")
    holder.dispose()
    assert outcome.code == 4
    assert f"by process {pid}" in outcome.err
    assert "waited 0.3 s" in outcome.err
    assert at(filled, *RUN_GROUPS).code == 0


def test_keys_are_read_in_their_order_wherever_the_last_scan_stopped(filled: Engine) -> None:
    # PostgreSQL would go on from there in a table that is larger than a quarter of its buffers.
    filled.execute(
        "create table wide as select i as id, repeat('x', 120) as text from generate_series(1, 250000) as t(i)"
    )
    filled.query("select * from wide limit 60000")
    door = connect(Config(), warehouse=filled.url)
    with door.reading():
        assert door.scalar(keys_out_of_order(Relation("wide", "public", "id"))) == 0


def test_readers_are_not_blocked_while_a_run_publishes(filled: Engine, at: At) -> None:
    assert at(filled, *RUN_GROUPS).code == 0
    reader = sa.create_engine(filled.url.replace("postgresql://", "postgresql+psycopg://"))
    with reader.connect() as connection:
        before = connection.exec_driver_sql("select count(*), max(run_id) from segments.groups").one()
        assert at(filled, *RUN_GROUPS).code == 0
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
    ran = segjob(*RUN_GROUPS, "--warehouse", url)
    assert ran.code == 0, ran.err
    assert "Next, in psql or a BI tool" in ran.out
    assert "(with the password in PGPASSWORD or ~/.pgpass):" in ran.out
    assert "s3cret" not in ran.out + ran.err
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


def test_the_live_view_finds_one_customer_by_the_keys_index(filled: Engine, at: At) -> None:
    """Its steps are fenced, so that PostgreSQL works each out once; a condition on the key must get through."""
    filled.execute("create unique index on customers (id)")
    assert at(filled, *RUN_GROUPS).code == 0
    engine = sa.create_engine(filled.url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        connection.exec_driver_sql("set enable_seqscan = off")
        lines = connection.exec_driver_sql("explain select * from segments.groups_scores where id = 5")
        plan = "\n".join(line for (line,) in lines)
    engine.dispose()
    assert "Index Cond: (id = 5)" in plan


def test_arrays_arrive_digit_for_digit(server: str) -> None:
    from segjob.warehouse.postgres.warehouse import Postgres

    engine = postgres_engine(server)
    written = ["0.1", "-1e308", "5e-324", "Infinity", None, "0.3333333333333333"]
    engine.fill('"rows %%"', '"v%%" NUMBER, n integer', [(v, n) for n, v in enumerate(written)])
    rows = sa.table("rows %", sa.column("v%"), sa.column("n"))
    door = Postgres(label="here", url=sa.make_url(server), schema="segments")
    with door.reading():
        found = door.arrays(sa.select(rows).order_by(rows.c.n))
        none = door.arrays(sa.select(rows).where(rows.c.n < 0))
        with pytest.raises(StatementFailed, match="division by zero"):
            door.arrays(sa.select((rows.c.n / sa.literal_column("0")).label("x")))
    expected = [np.nan if value is None else float(value) for value in written]
    np.testing.assert_array_equal(found["v%"], expected)
    np.testing.assert_array_equal(found["n"], range(len(written)))
    assert none["v%"].shape == (0,)


def test_a_sample_on_each_engine_leads_to_the_same_segments(server: str, folder: Path, at: At) -> None:
    """100,000 customers: other hashes draw other samples, and the fit on all rows makes up for it."""
    rng = np.random.default_rng(7)
    centers = np.array([(25.0, 80.0), (25.0, 20.0), (55.0, 50.0), (87.0, 82.0), (88.0, 17.0)])
    group = rng.choice(5, 100_000, p=[0.15, 0.15, 0.4, 0.15, 0.15])
    points = centers[group] + rng.normal(size=(100_000, 2)) * (7, 9)
    text = folder / "customers.csv"
    np.savetxt(
        text, np.column_stack([np.arange(100_000), points]), delimiter=",", fmt=["%d", "%.17g", "%.17g"]
    )
    (folder / "segjob.toml").write_text("[fit]\nsample_rows = 20000\n")
    here, there = duckdb_engine(folder / "shop.duckdb"), postgres_engine(server)
    for engine in (here, there):
        engine.execute("create table customers (id bigint, income double precision, score double precision)")
    here.execute(f"copy customers from '{text}' (header false)")
    import psycopg

    statement = "copy customers from stdin (format csv)"
    with psycopg.connect(server) as connection, connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text.read_bytes())
    answers = []
    for engine in (here, there):
        assert at(engine, *RUN_GROUPS, "--k-range", "3:7").code == 0
        assert engine.query("select fit_method, k, converged from segments.runs") == [("sample", 5, True)]
        sizes = engine.query("select rows from segments.segments order by segment_id")
        centroids = engine.query("select scaled_value from segments.centroids order by segment_id, feature")
        answers.append((np.array(sizes), np.array(centroids)))
    np.testing.assert_allclose(answers[1][0], answers[0][0], rtol=1e-3)
    np.testing.assert_allclose(answers[1][1], answers[0][1], atol=1e-3)
