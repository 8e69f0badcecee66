"""What is said to Spark, without a Spark: literals, tables, rewritten rows, and URLs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from segjob.config import Config
from segjob.errors import ConfigError
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import WriteTarget
from segjob.warehouse.connect import connect, without_secrets
from segjob.warehouse.spark.dialect import SparkDialect, is_small
from segjob.warehouse.spark.dml import other_place, rows_after
from segjob.warehouse.spark.session import read_url

TABLES = PublishedTables("segments")
HISTORY = TABLES.history("s", "the id", sa.Integer())
RUNS = TABLES.table("runs")


def said(statement: sa.ClauseElement) -> str:
    text = str(statement.compile(dialect=SparkDialect(), compile_kwargs={"literal_binds": True}))
    return " ".join(text.split())


def test_values_are_written_so_that_spark_reads_the_same() -> None:
    names = TABLES.table("names")
    text = said(
        sa.insert(names).values(
            segmentation="it's a \\ b", segment_id=1, name=None, named_at=datetime(2026, 1, 2, 3, 4, 5)
        )
    )
    assert text.endswith(r"VALUES ('it\'s a \\ b', 1, NULL, TIMESTAMP_NTZ'2026-01-02 03:04:05')")
    numbers = sa.select(*(sa.literal(v, sa.Double()) for v in (0.1, -1e-300, float("nan"), float("-inf"))))
    assert said(numbers).startswith("SELECT 0.1D AS")
    assert "(-1e-300D)" in said(numbers)
    assert "double('NaN')" in said(numbers)
    assert "double('-Infinity')" in said(numbers)


def test_assignments_are_partitioned_and_replaced_whole() -> None:
    made = said(CreateTable(HISTORY))
    assert made.startswith("CREATE TABLE segments.s_history ( run_id BIGINT COMMENT 'The run")
    assert "PARTITIONED BY (run_id)" in made
    rows = sa.select(sa.cast(sa.literal(12), sa.BigInteger()).label("run_id"), sa.column("k").label("the id"))
    text = said(sa.insert(HISTORY).from_select(["run_id", "the id"], rows))
    assert text.startswith(
        "INSERT OVERWRITE TABLE segments.s_history PARTITION (run_id = 12) (`the id`) SELECT `the id` FROM"
    )


def test_a_folder_that_cannot_be_written_is_named_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = tmp_path / "segments.db" / "runs"
    runs.mkdir(parents=True)
    warehouse = connect(Config(), warehouse=f"spark://local[1]?warehouse={tmp_path}")
    target = WriteTarget("segments", ["runs", "layout"])
    assert warehouse.missing_rights(target) == []
    monkeypatch.setattr("os.access", lambda place, _: place != runs)
    assert warehouse.missing_rights(target) == [f"{runs} cannot be written"]
    assert connect(Config(), warehouse="sc://somewhere").missing_rights(target) == []


def test_an_update_or_delete_becomes_the_rows_that_are_left() -> None:
    columns = ["run_id", "status"]
    update = said(rows_after(sa.update(RUNS).where(RUNS.c.run_id > 3).values(status="rolled_back"), columns))
    assert update == (
        "SELECT /*+ COALESCE(1) */ run_id, CASE WHEN (segments.runs.run_id > 3) THEN 'rolled_back' ELSE status END "
        "AS status FROM segments.runs"
    )
    delete = said(rows_after(sa.delete(RUNS).where(RUNS.c.k == 3), columns))
    assert delete.endswith("WHERE NOT coalesce(segments.runs.k = 3, false)")
    assert other_place(other_place("file:/a/runs")) == "file:/a/runs" != other_place("file:/a/runs")


def test_what_is_about_few_rows_is_known() -> None:
    assert is_small(sa.select(RUNS.c.k).where(RUNS.c.run_id == 1))
    assert is_small(sa.insert(RUNS).values(run_id=1))
    assert not is_small(sa.select(sa.func.count()).select_from(HISTORY))
    assert not is_small(sa.select(RUNS.c.k).join(HISTORY, HISTORY.c.run_id == RUNS.c.run_id))
    assert not is_small(sa.select(sa.table("customers", sa.column("id")).c.id))
    assert not is_small(sa.insert(HISTORY).from_select(["run_id"], sa.select(RUNS.c.run_id)))


@pytest.mark.parametrize(
    ("url", "master", "warehouse", "settings"),
    [
        ("spark://local[2]?warehouse=lake", "local[2]", "lake", {}),
        ("spark://?warehouse=lake&spark.driver.memory=4g", "local[*]", "lake", {"spark.driver.memory": "4g"}),
        ("spark://host:7077", "spark://host:7077", None, {}),
        ("spark://yarn", "yarn", None, {}),
        ("spark://", None, None, {}),
    ],
)
def test_urls(
    tmp_path: Path, url: str, master: str | None, warehouse: str | None, settings: dict[str, str]
) -> None:
    place = read_url(url, tmp_path)
    assert (place.master, place.settings, place.remote) == (master, settings, None)
    assert place.folder == (warehouse and tmp_path.resolve() / warehouse)


def test_a_token_is_in_no_message(tmp_path: Path) -> None:
    place = read_url("sc://host:15002/;token=s3cret;use_ssl=true", tmp_path)
    assert place.label == "sc://host:15002"
    assert place.remote is not None
    assert "s3cret" in place.remote


@pytest.mark.parametrize("url", ["spark://local[2]?folder=lake", "spark://yarn?warehouse=lake"])
def test_a_url_that_makes_no_sense_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigError):
        read_url(url, tmp_path)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("spark://local[2]?warehouse=lake", "spark://local[2]?warehouse=lake"),
        (
            "spark://local[2]?warehouse=lake&spark.hadoop.fs.s3a.secret.key=x&spark.driver.memory=4g",
            "spark://local[2]?warehouse=lake&spark.driver.memory=4g",
        ),
        ("spark://yarn?spark.hadoop.fs.s3a.access.key=x", "spark://yarn"),
        ("sc://host:15002/;token=x", "sc://host:15002"),
    ],
)
def test_a_shown_url_leads_to_the_same_place_and_holds_no_secret(typed: str, shown: str) -> None:
    assert without_secrets(typed, connect(Config(), warehouse=typed)) == shown
