"""A dbt project of somebody's own: from nothing to segments and a mart over them in five commands, for two targets."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from helpers.dbt_checkout import DBT, Row, ask
from helpers.jaffle_shop import DUCKDB, make_project, postgres_targets, spark_targets, write_mart
from helpers.small_warehouse import environment

pytestmark = pytest.mark.long
SEGJOB = (sys.executable, "-m", "segjob")
Query = Callable[[str, str], list[Row]]
"""Rows of a target's warehouse: its name, a statement."""
_SPARK_QUERY = """
import sys, pickle
from pathlib import Path
from pyspark.sql import SparkSession
lake, statement, out = sys.argv[1:]
session = (
    SparkSession.builder.master("local[1]").config("spark.sql.warehouse.dir", lake).config("spark.ui.enabled", "false")
    .config("spark.hadoop.javax.jdo.option.ConnectionURL", f"jdbc:derby:;databaseName={lake}/metastore_db")
    .enableHiveSupport().getOrCreate()
)
Path(out).write_bytes(pickle.dumps([tuple(row) for row in session.sql(statement).collect()]))
"""


@dataclass(frozen=True)
class Project:
    """The project's folder, and a way to look into the warehouse of each target."""

    folder: Path
    query: Query

    def types(self, *arguments: str, target: str = "dev") -> str:
        """What a command that succeeds says, typed in the project."""
        done = subprocess.run(
            arguments,
            cwd=self.folder,
            env={**environment(), "DBT_TARGET": target, "PYTHONPATH": os.environ.get("PYTHONPATH", "")},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def on_duckdb(tmp_path: Path) -> Project:
    folder = make_project(tmp_path / "shop", DUCKDB)
    return Project(folder, lambda target, statement: ask(folder / f"{target}.duckdb", statement))


@pytest.fixture
def on_postgres(tmp_path: Path, server: str) -> Project:
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    owner = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with owner.connect() as connection:
        for target in ("dev", "prod"):
            connection.exec_driver_sql(f"drop database if exists jaffle_{target}")
            connection.exec_driver_sql(f"create database jaffle_{target}")

    def query(target: str, statement: str) -> list[Row]:
        engine = sa.create_engine(url.set(database=f"jaffle_{target}"), poolclass=sa.NullPool)
        with engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    targets = postgres_targets(str(url.query["host"]), str(url.username))
    return Project(make_project(tmp_path / "shop", targets), query)


@pytest.fixture
def on_spark(tmp_path: Path, java: None) -> Project:
    def query(target: str, statement: str) -> list[Row]:
        import pickle

        rows = tmp_path / "rows"
        script = [sys.executable, "-c", _SPARK_QUERY, str(tmp_path / target), statement, str(rows)]
        subprocess.run(script, cwd=tmp_path, check=True, capture_output=True, timeout=300)
        return [tuple(row) for row in pickle.loads(rows.read_bytes())]

    return Project(make_project(tmp_path / "shop", spark_targets(tmp_path)), query)


COUNTS = "select count(*), count(distinct segment_id) > 1 from {}_marts.customer_names_by_segment"


@pytest.mark.parametrize("engine", ["duckdb", "postgres", "spark"])
def test_from_nothing_to_a_mart_over_the_segments(engine: str, request: pytest.FixtureRequest) -> None:
    project: Project = request.getfixturevalue(f"on_{engine}")
    project.types(str(DBT), "build")
    project.types(*SEGJOB, "init")
    project.types(*SEGJOB, "run")
    project.types(*SEGJOB, "sources")
    write_mart(project.folder)
    project.types(str(DBT), "build")
    assert project.query("dev", COUNTS.format("alice")) == [(200, True)]


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_one_config_serves_two_targets_day_by_day(engine: str, request: pytest.FixtureRequest) -> None:
    project: Project = request.getfixturevalue(f"on_{engine}")
    build = (str(DBT), "build", "--target", "prod")
    project.types(str(DBT), "build")
    project.types(*SEGJOB, "init")
    project.types(*SEGJOB, "sources")
    write_mart(project.folder)
    # In the other target the mart is built before segjob has run.
    project.types(*build, "--exclude", "source:segjob+", target="prod")
    project.types(*SEGJOB, "init", target="prod")
    project.types(*build, target="prod")
    assert project.query("prod", COUNTS.format("analytics")) == [(0, False)]
    project.types(*SEGJOB, "run", target="prod")
    project.types(*build, target="prod")
    assert project.query("prod", COUNTS.format("analytics")) == [(200, True)]
    # The next day dbt replaces the tables under segjob's views.
    project.types(*SEGJOB, "run", target="prod")
    assert project.query("prod", "select count(*) from segments.customers_scores") == [(200,)]
