"""Run after run while four processes read: no read fails, and none sees half a run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attack.conftest import PART
from helpers.attack_figures import Figures
from helpers.engines import postgres_engine
from helpers.small_warehouse import RUN_GROUPS, Outcome, Segjob, customers, environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PART < 0.05, reason="only with SEGJOB_ATTACK=0.05 or more"),
]
READERS, RUNS = 4, 1000
WHOLE_RUN = (
    "select (select count(*) from segments.groups), (select sum(rows) from segments.current_segments), "
    "(select count(distinct run_id) from segments.groups), (select count(distinct run_id) from "
    "segments.current_segments), (select max(run_id) from segments.groups) = "
    "(select max(run_id) from segments.current_runs)"
)
READER = """
import sys, time
from pathlib import Path
reads, stop, target, query = 0, Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if target.startswith("postgresql"):
    import psycopg
    connection = psycopg.connect(target, autocommit=True)
    read = lambda: connection.execute(query).fetchone()
else:
    import duckdb
    def read():
        with duckdb.connect(target, read_only=True) as connection:
            return connection.execute(query).fetchone()
while not stop.exists():
    seen = read()
    reads += 1
    time.sleep(0.2)
    assert [int(value) for value in seen] == [150, 150, 1, 1, 1], seen
print(reads)
"""


def publish_while_read(publish: Callable[[], Outcome], target: str, stop: Path) -> tuple[int, int]:
    """How many runs were published, and how often they were read meanwhile."""
    line = [sys.executable, "-c", READER, str(stop), target, WHOLE_RUN]
    readers = [
        subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())
        for _ in range(READERS)
    ]
    runs = max(3, round(RUNS * PART))
    try:
        for _ in range(runs):
            outcome = publish()
            assert outcome.code == 0, outcome.err
    finally:
        stop.touch()
        ended = [(*reader.communicate(timeout=60), reader.returncode) for reader in readers]
    for out, error, code in ended:
        assert code == 0, error
        assert int(out) > 0
    return runs, sum(int(out) for out, _, _ in ended)


def note(figures: Figures, engine: str, runs: int, reads: int) -> None:
    """For docs/reliability.md."""
    for attack, times in (
        (f"{engine}: a run while four read", runs),
        (f"{engine}: a read while runs go on", reads),
    ):
        figures.count(attack, "as it must be", times)
    figures.whole[f"{engine}: a run while four read"] = RUNS


def test_readers_of_a_serving_file(file: Path, segjob: Segjob, figures: Figures) -> None:
    Path("segjob.toml").write_text('[publish]\nsnapshot = "out"\nkeep_runs = 3\n')

    def publish() -> Outcome:
        return segjob(
            *RUN_GROUPS, "--k", "5", "--k-range", "5:5", "--config", "segjob.toml", "--warehouse", file
        )

    assert publish().code == 0
    served = Path("out").resolve() / file.name
    note(figures, "DuckDB's serving file", *publish_while_read(publish, str(served), Path("stop").resolve()))


def test_readers_on_postgresql(server: str, folder: Path, segjob: Segjob, figures: Figures) -> None:
    engine = postgres_engine(server)
    engine.fill("customers", "id integer, income NUMBER, score NUMBER", customers())
    Path("segjob.toml").write_text("[publish]\nkeep_runs = 3\n")

    def publish() -> Outcome:
        fixed = ("--k", "5", "--k-range", "5:5", "--config", "segjob.toml", "--warehouse", engine.url)
        return segjob(*RUN_GROUPS, *fixed)

    assert publish().code == 0
    note(figures, "PostgreSQL", *publish_while_read(publish, server, Path("stop").resolve()))
