"""What a DuckLake has that a file has not: several writers, snapshots, and a catalogue that may be far away."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from helpers.engines import Engine, ducklake_engine, ducklake_url
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers, environment

from segjob.config import Config
from segjob.errors import WarehouseBusy
from segjob.warehouse.connect import connect
from segjob.warehouse.ducklake.guard import Guard
from segjob.warehouse.ducklake.warehouse import DuckLake

RUNS = int(os.environ.get("SEGJOB_DOORS_RUNS", "9"))
"""How many runs three writers make; `make doors` asks for 100."""
COLUMNS = "id integer, income NUMBER, score NUMBER"
WHOLE = (
    "select count(*) from segments.runs group by run_id having count(*) > 1",
    "select r.run_id from segments.runs as r left join segments.segments as s on r.run_id = s.run_id "
    "group by r.run_id, r.k having count(s.run_id) <> r.k",
    "select run_id, segmentation from segments.runs group by run_id, segmentation having count(*) > 1",
    "select c.run_id from segments.current_runs as c join segments.current_segments as s "
    "on c.run_id = s.run_id group by c.run_id, c.k having count(*) <> c.k",
)
"""Each finds what is broken."""


@pytest.fixture
def lake(extensions: None, server: str, folder: Path) -> Engine:
    """A DuckLake with its catalogue in PostgreSQL, and customers in it."""
    engine = ducklake_engine(ducklake_url(server, folder / "lake"))
    engine.fill("customers", COLUMNS, customers())
    return engine


@pytest.fixture
def file_lake(extensions: None, folder: Path) -> Engine:
    """The same with its catalogue in a file."""
    engine = ducklake_engine(f"ducklake:{folder / 'shop.ducklake'}")
    engine.fill("customers", COLUMNS, customers())
    return engine


@pytest.fixture
def opened(lake: Engine) -> Callable[[], DuckLake]:
    """New warehouses on the lake."""

    def connected() -> DuckLake:
        warehouse = connect(Config(), warehouse=lake.url)
        assert isinstance(warehouse, DuckLake)
        return warehouse

    return connected


def test_three_writers_lose_and_double_no_run(lake: Engine, folder: Path, shared: Path) -> None:
    shares = [RUNS // 3 + (i < RUNS % 3) for i in range(3)]
    script = Path(__file__).parents[1] / "helpers" / "many_runs.py"
    paths = os.pathsep.join([str(script.parents[1]), os.environ.get("PYTHONPATH", "")])
    jobs = [
        subprocess.Popen(
            [sys.executable, script, lake.url, name, str(times)],
            env={**environment(), "PYTHONPATH": paths},
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, times in zip("aba", shares, strict=True)
    ]
    for job in jobs:
        _, said = job.communicate(timeout=3600)
        assert job.returncode == 0, said
    runs = lake.query("select run_id from segments.runs order by run_id")
    assert [run for (run,) in runs] == list(range(1, RUNS + 1))
    for broken in WHOLE:
        assert lake.query(broken) == [], broken
    for name in "ab":
        rows = lake.query(f"select count(*), count(distinct id), count(distinct run_id) from segments.{name}")
        assert rows == [(150, 150, 1)]
    _contract_holds(lake, folder / "copy.duckdb", shared / "check_contract.py")


def _contract_holds(lake: Engine, copy: Path, checker: Path) -> None:
    """The laws of the contract, on a copy of all that is published."""
    if not checker.is_file():
        return
    names = "select table_name from information_schema.tables where table_schema = 'segments'"
    with duckdb.connect(str(copy)) as connection:
        connection.execute("create schema segments")
        for (name,) in lake.query(names):
            columns = lake.query(
                "select column_name, data_type from information_schema.columns "
                f"where table_schema = 'segments' and table_name = '{name}' order by ordinal_position"
            )
            listed = ", ".join(f'"{column}" {kind}' for column, kind in columns)
            connection.execute(f'create table segments."{name}" ({listed})')
            rows = lake.query(f'select * from segments."{name}"')
            frame = pd.DataFrame(rows, columns=[column for column, _ in columns], dtype=object)
            connection.register("frame", frame)
            connection.execute(f'insert into segments."{name}" select * from frame')
    done = subprocess.run([sys.executable, checker, copy, "a", "id"], capture_output=True, text=True)
    wrong = [line for line in done.stdout.splitlines() if not line.startswith("holds")]
    assert wrong == ["comparisons: missing"] or wrong == [], wrong


def test_a_writer_that_is_killed_lets_go_of_the_lock(lake: Engine, segjob: Segjob) -> None:
    assert segjob(*RUN_GROUPS, "--warehouse", lake.url).code == 0
    held = (
        "import os, sys, sqlalchemy\nfrom segjob.config import Config\nfrom segjob.warehouse.connect import connect\n"
        "w = connect(Config(), warehouse=sys.argv[1])\nwith w.reading(), w.writing():\n"
        "    w.execute(sqlalchemy.text('delete from segments.runs'))\n    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", held, lake.url], env=environment(), check=False)
    assert done.returncode == -9
    assert segjob(*RUN_GROUPS, "--warehouse", lake.url, "--lock-timeout", "20").code == 0
    assert lake.query("select run_id from segments.runs order by run_id") == [(1,), (2,)]


def test_a_second_job_waits_and_then_says_who_is_writing(
    lake: Engine, segjob: Segjob, opened: Callable[[], DuckLake]
) -> None:
    with opened().writing():
        outcome = segjob(*RUN_GROUPS, "--warehouse", lake.url, "--lock-timeout", "0.3")
    assert outcome.code == 4
    assert re.search(r"is being published to by process \d+ .*; waited 0.3 s", outcome.err)


def test_of_two_that_write_without_a_lock_one_fails(
    lake: Engine, segjob: Segjob, opened: Callable[[], DuckLake], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert segjob(*RUN_GROUPS, "--warehouse", lake.url).code == 0
    monkeypatch.setattr(Guard, "held", lambda self: nullcontext())
    monkeypatch.setattr(Guard, "refuse_lost", lambda self: None)

    first, second = opened(), opened()

    def overlap() -> None:
        with first.writing():
            assert first.claim_number("segments", 1) == 2
            with second.writing():
                assert second.claim_number("segments", 1) == 2

    with pytest.raises(WarehouseBusy, match="somebody else wrote to the same tables"):
        overlap()


def test_a_reader_sees_one_snapshot_and_knows_what_changed(
    lake: Engine, segjob: Segjob, opened: Callable[[], DuckLake]
) -> None:
    import sqlalchemy as sa

    count = sa.text("select count(*) from customers")
    assert segjob(*RUN_GROUPS, "--warehouse", lake.url).code == 0
    reader = opened()
    with reader.reading():
        assert reader.scalar(count) == 150
        assert segjob("name", "1", "VIP", "--warehouse", lake.url).code == 0
        with reader.writing():
            assert reader.may_have_changed is False  # of segjob's own tables only
        lake.execute("insert into customers values (1000, 1, 1)")
        lake.execute("create table other as select 1 as x")
        with reader.writing():
            assert reader.may_have_changed is True
            assert reader.scalar(count) == 151
    with reader.reading():
        lake.execute("delete from customers where id = 1000")
        assert reader.scalar(count) == 151


def test_a_run_says_which_snapshot_it_read(file_lake: Engine, segjob: Segjob) -> None:
    assert segjob(*RUN_GROUPS, "--warehouse", file_lake.url).code == 0
    file_lake.execute("delete from customers where id > 10")
    [(snapshot,)] = file_lake.query(
        "select json_extract_string(versions, '$.ducklake_snapshot') from segments.runs"
    )
    assert file_lake.query(f"select count(*) from customers at (version => {snapshot})") == [(150,)]


def test_what_forget_advises_removes_the_rows(file_lake: Engine, segjob: Segjob, folder: Path) -> None:
    assert segjob(*RUN_GROUPS, "--warehouse", file_lake.url).code == 0
    done = segjob("forget", "7", "--segmentation", "groups", "--warehouse", file_lake.url)
    assert done.code == 0, done.err
    advice = re.search(r"`(call .*?)`", (done.out + done.err).replace("\n", " "))
    assert advice is not None, done.out + done.err
    file_lake.execute("delete from customers where id = 7", *re.sub(r" +", " ", advice[1]).split("; "))
    kept = 0
    with duckdb.connect() as connection:
        for file in folder.glob("shop.ducklake.files/**/*.parquet"):
            rows = connection.execute(f"select * from read_parquet('{file}')")
            if "id" in [column[0] for column in rows.description]:
                kept += 1
                assert (
                    connection.execute(f"select id from read_parquet('{file}') where id = 7").fetchall() == []
                )
    assert kept > 0


def test_other_files_can_be_forbidden(file_lake: Engine, segjob: Segjob, folder: Path) -> None:
    (folder / "secret.csv").write_text("id,income,score\n1,1,1\n")
    file_lake.execute(f"create view elsewhere as select * from read_csv('{folder / 'secret.csv'}')")
    (folder / "segjob.toml").write_text("[warehouse]\nexternal_access = false\n")
    assert segjob(*RUN_GROUPS, "--warehouse", file_lake.url).code == 0
    refused = segjob("score", "elsewhere", "--into", "scored", "--warehouse", file_lake.url)
    assert refused.code == 3, refused.err  # its columns are not to be had, so DuckLake does not list it
    assert file_lake.query("select count(*) from information_schema.tables where table_name = 'scored'") == [
        (0,)
    ]


def test_nothing_but_a_lake_is_opened_or_made_one(extensions: None, folder: Path, segjob: Segjob) -> None:
    with duckdb.connect("plain.duckdb") as connection:
        connection.execute("create table customers as select 1 as id")
    before = Path("plain.duckdb").read_bytes()
    for verb in (("history",), ("init",)):
        outcome = segjob(*verb, "--warehouse", "ducklake:plain.duckdb")
        assert outcome.code == 4
        assert "there is no DuckLake in" in outcome.err
        Path("segjob.toml").unlink(missing_ok=True)
    assert Path("plain.duckdb").read_bytes() == before
    assert "there is no warehouse file" in segjob("history", "--warehouse", "ducklake:none.ducklake").err
    assert not Path("none.ducklake").exists()


def test_a_server_that_is_not_there(extensions: None, folder: Path, segjob: Segjob) -> None:
    outcome = segjob(
        "history", "--warehouse", "ducklake:postgresql://me:s3cret@127.0.0.1:1/shop?data_path=lake"
    )
    assert outcome.code == 4
    assert "ducklake:postgresql://me@127.0.0.1:1/shop" in outcome.err
    assert "cannot be reached" in outcome.err
    assert "s3cret" not in outcome.out + outcome.err
