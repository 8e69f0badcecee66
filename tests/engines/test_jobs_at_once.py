"""Several jobs at once, each a process of its own: numbers differ, and the evidence of every run is whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.engines import Engine, duckdb_engine, postgres_engine, spark_engine
from helpers.small_warehouse import RUN, customers

WHOLE = (
    "select count(*) from segments.runs group by run_id having count(*) > 1",
    "select r.run_id from segments.runs as r inner join segments.segments as s on r.run_id = s.run_id "
    "group by r.run_id, r.k having count(*) <> r.k",
    "select r.run_id from segments.runs as r inner join segments.k_votes as v on r.run_id = v.run_id "
    "group by r.run_id having count(*) <> count(distinct v.rule)",
    "select r.run_id from segments.runs as r inner join segments.sweeps as w on r.run_id = w.run_id "
    "group by r.run_id having count(*) <> count(distinct w.k)",
    "select c.run_id from segments.current_runs as c inner join segments.current_segments as s "
    "on c.run_id = s.run_id group by c.run_id, c.k having count(*) <> c.k",
)
"""Each finds what is broken."""


def at_once(url: str, names: Sequence[str]) -> list[tuple[int, str]]:
    """Exit code and stderr of one job for each of these segmentations, all started at the same time."""
    jobs = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "segjob",
                *RUN,
                "--name",
                name,
                "-q",
                "--warehouse",
                url,
                "--lock-timeout",
                "400",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    return [(job.returncode, error) for job in jobs for _, error in [job.communicate(timeout=500)]]


def check(engine: Engine, names: Sequence[str], url: str | None = None, times: int = 2) -> None:
    engine.fill("customers", "id integer, income NUMBER, score NUMBER", customers())
    for rounds in range(1, times + 1):
        outcomes = at_once(url or engine.url, names)
        assert [code for code, _ in outcomes] == [0] * len(names), outcomes
        runs = engine.query("select run_id, segmentation from segments.runs order by run_id")
        assert [run for run, _ in runs] == list(range(1, rounds * len(names) + 1))
        assert sorted(name for _, name in runs) == sorted([*names] * rounds)
        for broken in WHOLE:
            assert engine.query(broken) == [], broken
        for name in set(names):
            assert engine.query(f"select count(*), count(distinct run_id) from segments.{name}") == [(150, 1)]


def test_on_duckdb(folder: Path) -> None:
    check(duckdb_engine(folder / "shop.duckdb"), ("a", "b", "a", "c"))


@pytest.mark.long
def test_on_postgresql(server: str, folder: Path) -> None:
    check(postgres_engine(server), ("a", "b", "a", "c"))


@pytest.mark.long
def test_on_postgresql_behind_pgbouncer(server: str, pooler: str, folder: Path) -> None:
    check(postgres_engine(server), ("a", "b", "a", "c"), pooler)


@pytest.mark.long
def test_on_spark_connect(spark: tuple[str, Any], folder: Path) -> None:
    engine, running = spark_engine(*spark), spark[1]
    port = running.sparkContext.getConf().get("spark.connect.grpc.binding.port")
    service = running._jvm.org.apache.spark.sql.connect.service.SparkConnectService
    service.start(running._jsc.sc())
    query = engine.query

    def fresh(statement: str) -> list[tuple[Any, ...]]:
        for row in running.sql("show tables in segments").collect():
            running.sql(f"refresh table segments.{row['tableName']}")
        return query(statement)

    try:
        reader = Engine(
            "spark", engine.url, engine.execute, fresh, engine.empty, engine.schemas, "double", "string"
        )
        check(reader, ("a", "b", "a"), f"sc://127.0.0.1:{port}", times=1)
        assert running.sql("show views in segments like 'segjob_*'").collect() == []
    finally:
        nothing = running._jvm.scala.Option.empty()
        service.stop(nothing, nothing)
