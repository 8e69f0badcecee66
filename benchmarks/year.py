"""The year after a fit: daily assignments with planted moves, and one assignment beside `create table as`.

    python benchmarks/year.py --customers 200000 --days 60
    python benchmarks/year.py --customers 10000000 --days 2 --floor

Every day, customers are moved to another group's centre; the movements that segjob publishes have to be exactly those.
CPU seconds are of the whole process, start included: they depend less on what else the machine does than wall seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

CENTRES = np.array([(20, 20, 30, 10), (20, 80, 60, 40), (50, 50, 45, 90), (85, 15, 25, 60), (90, 90, 70, 20)])
COLUMNS = ("income", "score", "age", "recency")
CONFIG = """[segmentations.groups]
relation = "customers"
key = "id"
k = 5
features = ["income", "score", "age", "recency"]
"""


@dataclass(frozen=True)
class Day:
    """One assignment. moved : planted; wrong : movements that are missing, invented or to a wrong segment."""

    wall: float
    cpu: float
    peak_mb: float
    moved: int
    wrong: int
    phases: str


def segjob(folder: Path, *arguments: str) -> tuple[float, float, float, dict[str, Any]]:
    """Wall and CPU seconds and peak memory (MB) of a process, and the document that it printed."""
    script = (
        "import json, resource, subprocess, sys, time\n"
        "t = time.perf_counter()\n"
        "p = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "u = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([time.perf_counter() - t, u.ru_utime + u.ru_stime, u.ru_maxrss / 1024, p.returncode, "
        "p.stdout, p.stderr[-2000:]]))"
    )
    command = [sys.executable, "-m", "segjob", *arguments, "--json", "--warehouse", "shop.duckdb"]
    done = subprocess.run(
        [sys.executable, "-c", script, *command], cwd=folder, capture_output=True, text=True, check=True
    )
    wall, cpu, peak, code, out, err = json.loads(done.stdout)
    if code:
        raise RuntimeError(err)
    return wall, cpu, peak, json.loads(out)


def in_this_process(folder: Path, *arguments: str) -> tuple[float, float, float, dict[str, Any]]:
    """The same without a process of its own, which costs seconds on a busy machine; no peak memory (0)."""
    from typer.testing import CliRunner

    from segjob.cli.app import app

    started, used = time.perf_counter(), time.process_time()
    with chdir(folder):
        done = CliRunner().invoke(app, [*arguments, "--json", "--warehouse", "shop.duckdb"])
    if done.exit_code:
        raise RuntimeError(done.output)
    return time.perf_counter() - started, time.process_time() - used, 0.0, json.loads(done.stdout)


def make(folder: Path, customers: int) -> None:
    """Customers in five groups, in equal parts."""
    (folder / "segjob.toml").write_text(CONFIG, encoding="utf-8")
    rng = np.random.default_rng(11)
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute(
            "create table customers (id bigint, income double, score double, age double, recency double)"
        )
        for start in range(0, customers, 1_000_000):
            ids = np.arange(start, min(start + 1_000_000, customers))
            points = CENTRES[ids % 5] + rng.normal(0, 4, (len(ids), 4))
            block = {"id": ids} | {name: points[:, j] for j, name in enumerate(COLUMNS)}
            connection.execute("insert into customers select * from block")
            del block


def move(folder: Path, groups: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """Move a share of the customers to the centre of the next group; their ids."""
    ids = np.sort(rng.choice(len(groups), max(1, int(share * len(groups))), replace=False))
    groups[ids] = (groups[ids] + 1) % 5
    moved = {"id": ids} | {name: CENTRES[groups[ids], j].astype(float) for j, name in enumerate(COLUMNS)}
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        assigned = ", ".join(f"{name} = moved.{name}" for name in COLUMNS)
        connection.execute(f"update customers set {assigned} from moved where customers.id = moved.id")
    del moved
    return ids


def wrong_movements(folder: Path, ids: np.ndarray, groups: np.ndarray, run: int) -> int:
    """Movements of a run that are missing, invented, or lead to a segment of other customers."""
    with duckdb.connect(str(folder / "shop.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select id, to_segment_id, change, moved_by from segments.groups_movements where run_id = ?",
            [run],
        ).fetchall()
        names = dict(
            connection.execute(
                "select id % 5, mode(segment_id) from segments.groups_history where run_id = 1 group by all"
            ).fetchall()
        )
    planted = {int(i): names[int(groups[i])] for i in ids}
    told = {i: segment for i, segment, change, by in rows if (change, by) == ("moved", "itself")}
    return len(rows) - len(told) + sum(planted.get(i) != told.get(i) for i in planted.keys() | told.keys())


def days(folder: Path, customers: int, number: int, share: float) -> Iterator[Day]:
    """The assignments, day by day: the first and last two in processes of their own, the others in this one."""
    groups, rng = np.arange(customers) % 5, np.random.default_rng(3)
    for day in range(number):
        ids = move(folder, groups, rng, share)
        is_measured = min(day, number - 1 - day) < 2
        wall, cpu, peak, document = (segjob if is_measured else in_this_process)(folder, "assign")
        run = document["runs"][0]
        phases = ", ".join(f"{phase['name']} {phase['seconds']:.2f}" for phase in run["phases"])
        wrong = wrong_movements(folder, ids, groups, run["run"]["run_id"])
        yield Day(wall, cpu, peak, len(ids), wrong, phases)


def floor(folder: Path) -> tuple[float, float]:
    """Wall and CPU seconds of `create table as` of key, segment and distance; the median of three."""
    walls, cpus = [], []
    for _ in range(3):
        with duckdb.connect(str(folder / "shop.duckdb")) as connection:
            started, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
            connection.execute(
                "create or replace table floor as select id, segment_id, distance from segments.groups_scores"
            )
            now = resource.getrusage(resource.RUSAGE_SELF)
            walls.append(time.perf_counter() - started)
            cpus.append(now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime)
            connection.execute("drop table floor")
    return statistics.median(walls), statistics.median(cpus)


def main() -> None:
    """Measure, and print lines of a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--share", type=float, default=0.005, help="of the customers who move, a day")
    parser.add_argument("--floor", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, asked.customers)
        wall, cpu, peak, _ = segjob(folder, "run")
        file = folder / "shop.duckdb"
        size = file.stat().st_size
        print(f"fit: {wall:.2f} s, {cpu:.2f} s CPU, {peak:,.0f} MB; file {size / 1e6:.1f} MB", flush=True)
        for number, day in enumerate(days(folder, asked.customers, asked.days, asked.share), start=2):
            took = f"{day.wall:.2f} s, {day.cpu:.2f} s CPU, {day.peak_mb:,.0f} MB"
            print(f"run {number}: {took}, {day.moved:,} moved, {day.wrong} wrong; {day.phases}", flush=True)
        growth = (file.stat().st_size - size) / asked.days / 1e6
        print(f"file: {growth:.2f} MB more a day, the customers' own changes included", flush=True)
        if asked.floor:
            wall, cpu = floor(folder)
            print(f"create table as: {wall:.2f} s, {cpu:.2f} s CPU", flush=True)


if __name__ == "__main__":
    main()
