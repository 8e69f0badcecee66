"""Readers that come and go while runs are published: no run fails, and nobody ever sees half a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.small_warehouse import command, customers, environment, execute, fill, query

from segjob.commands.write.run import run_all
from segjob.config import Config, Segmentation, WarehouseSettings
from segjob.config_file import parse
from segjob.pipeline.progress import Progress
from segjob.registry.registry import Registry
from segjob.warehouse.connect import connect
from segjob.warehouse.duckdb.warehouse import DuckDBFile

RUNS = 20
SETTINGS = parse(
    Segmentation,
    {
        "relation": "customers",
        "key": "id",
        "features": ["income", "score"],
        "k": 3,
        "k_range": (3, 3),
        "n_init": 1,
    },
    where="test",
)
READER = """
import os, sys, time, duckdb

def look(connection):
    "(run_id of the view, its rows), and what `runs` says of the current run, in statements of their own."
    seen = connection.execute("select min(run_id), max(run_id), count(*) from segments.s").fetchone()
    scored = connection.execute("select count(segment_id) from segments.s_scores").fetchone()[0]
    told = connection.execute(
        "select run_id, run_id, rows_segmented from segments.runs where status = 'published' "
        "order by run_id desc limit 1"
    ).fetchone()
    sizes = connection.execute("select sum(rows) from segments.current_segments").fetchone()[0]
    return seen, told, sizes, scored

looks, busy, wrong, runs = 0, 0, [], set()
print("ready", flush=True)
while not os.path.exists(sys.argv[2]):
    try:
        connection = duckdb.connect(sys.argv[1], read_only=True)
    except duckdb.IOException:
        busy += 1
        time.sleep(0.002)
        continue
    seen, told, sizes, scored = look(connection)
    connection.close()
    looks += 1
    runs.add(told[0])
    if seen != told or sizes != told[2] or scored != told[2]:
        wrong.append((seen, told, sizes, scored))
    time.sleep(0.03)
print(looks, busy, len(runs), wrong[:3])
"""


@pytest.mark.long
def test_twenty_runs_before_the_eyes_of_two_readers(folder: Path) -> None:
    file, stop = fill(folder / "shop.duckdb", customers(60)), folder / "stop"
    door = connect(Config(warehouse=WarehouseSettings(lock_timeout=120)), warehouse=str(file))
    registry = Registry(door, "segments")
    run_all(registry, Config(), {"s": SETTINGS}, Progress())
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(file), str(stop)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = []
    try:
        for reader in readers:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "ready\n"
        for number in range(RUNS):
            (result,) = run_all(registry, Config(), {"s": SETTINGS}, Progress()).results
            assert result.published.run["run_id"] == number + 2
    finally:
        stop.touch()
        told = [reader.communicate(timeout=60)[0].strip() for reader in readers]
    for line in told:
        looks, _, runs, wrong = line.split(" ", 3)
        assert wrong == "[]"
        assert int(looks) >= RUNS / 2
        assert int(runs) > 2, "the reader saw the runs go by"
    assert query(file, "select count(*) from segments.runs") == [(RUNS + 1,)]


class Overtaken(DuckDBFile):
    """A door that somebody else slips through, just before it is opened for writing the first time."""

    overtaken = False

    def _attach(self, *, write: bool, create: bool = False) -> None:
        if write and not self.overtaken:
            self.overtaken = True
            execute(self.path, "insert into customers select 1000 + i, i, 90 - i from range(40) t(i)")
        super()._attach(write=write, create=create)


def test_a_table_that_grows_during_the_run(folder: Path) -> None:
    """What is published is the table as it is then, read again; never the old counts with the new rows."""
    file = fill(folder / "shop.duckdb", customers(60))
    door = Overtaken(label=str(file), path=file)
    (result,) = run_all(Registry(door, "segments"), Config(), {"s": SETTINGS}, Progress()).results
    assert door.overtaken
    assert result.published.run["rows_segmented"] == 100
    assert query(file, "select count(*) from segments.s") == [(100,)]
    assert query(file, "select count(*) from segments.runs") == [(1,)]


@pytest.mark.long
def test_two_runs_at_once(folder: Path) -> None:
    """Each fits while the other does; they publish one after the other."""
    file = fill(folder / "shop.duckdb", customers(60))
    asked = (
        "run",
        "-q",
        "--from",
        "customers",
        "--key",
        "id",
        "--features",
        "income,score",
        "--k-range",
        "2:6",
    )
    runs = [
        subprocess.Popen(
            command(*asked, "--name", name, "--warehouse", file),
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "one", "two")
    ]
    for run in runs:
        _, words = run.communicate(timeout=120)
        assert run.returncode == 0, words
    published = query(
        file, "select segmentation, count(*), count(distinct run_id) from segments.runs group by 1 order by 1"
    )
    assert published == [("one", 2, 2), ("two", 1, 1)]
    assert query(file, "select count(*) from segments.one_history") == [(120,)]
    assert query(file, "select count(*) from segments.one") == [(60,)]
