"""The same tests on every engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.engines import (
    Engine,
    duckdb_engine,
    ducklake_engine,
    ducklake_url,
    free_port,
    lean,
    postgres_engine,
    snowflake_engine,
    spark_engine,
)
from helpers.fake_snowflake import patched
from helpers.pgbouncer import pgbouncer
from helpers.small_warehouse import Outcome, Segjob


@pytest.fixture(scope="session")
def spark(java: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Any]:
    """The one Spark session of this test run, on a folder of its own, and its URL: a JVM takes seconds to start."""
    from segjob.warehouse.spark.session import read_url, session

    folder = tmp_path_factory.mktemp("spark")
    url = lean(folder, {"spark.connect.grpc.binding.port": str(free_port())})
    running = session(read_url(url, folder), 0.0, create=False)
    # So that the tests' own statements are the same on every engine; segjob's hold no double quotes.
    running.conf.set("spark.sql.ansi.doubleQuotedIdentifiers", "true")
    return url, running


ENGINES = os.environ.get("SEGJOB_ENGINES", "duckdb postgres pgbouncer spark").split()
"""Those that `engine` is in turn. `make doors` names the ones that need an environment of their own."""
MARKS = {
    "postgres": (pytest.mark.postgres,),
    "pgbouncer": (pytest.mark.postgres, pytest.mark.long),
    "spark": (pytest.mark.spark,),
}


@pytest.fixture(params=[pytest.param(name, marks=MARKS.get(name, ())) for name in ENGINES])
def engine(request: pytest.FixtureRequest, folder: Path) -> Engine:
    """An empty warehouse on each engine in turn."""
    if request.param == "postgres":
        return postgres_engine(request.getfixturevalue("server"))
    if request.param == "pgbouncer":
        engine = postgres_engine(request.getfixturevalue("server"))
        return replace(engine, url=request.getfixturevalue("pooler"))
    if request.param == "spark":
        return spark_engine(*request.getfixturevalue("spark"))
    if request.param == "snowflake":
        return request.getfixturevalue("snowflake")
    if request.param == "ducklake":
        return ducklake_engine(f"ducklake:{folder / 'shop.ducklake'}?data_path=lake")
    if request.param == "ducklake_postgres":
        return ducklake_engine(ducklake_url(request.getfixturevalue("server"), folder / "lake"))
    return duckdb_engine(folder / "shop.duckdb")


@pytest.fixture(scope="session")
def pooler(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of this worker's database through pgbouncer in transaction mode, with two connections of the server."""
    with pgbouncer(server, tmp_path_factory.mktemp("pgbouncer")) as url:
        yield url


@pytest.fixture
def snowflake() -> Iterator[Engine]:
    """An emulator of Snowflake in this process: it is DuckDB behind Snowflake's driver."""
    pytest.importorskip("fakesnow", reason="the emulator of Snowflake is not installed")
    with patched():
        yield snowflake_engine("snowflake://me:pw@account/SHOP/PUBLIC")


@pytest.fixture
def reference(folder: Path) -> Engine:
    """An empty DuckDB warehouse, for an engine to agree with."""
    return duckdb_engine(folder / "reference.duckdb")


@pytest.fixture
def at(segjob: Segjob) -> Callable[..., Outcome]:
    """Runs a command against an engine."""

    def run(engine: Engine, *arguments: str) -> Outcome:
        return segjob(*arguments, "--warehouse", engine.url)

    return run
