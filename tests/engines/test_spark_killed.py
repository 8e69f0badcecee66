"""kill -9 of a job on Spark and of its Java, each or both: what the next process finds, and that its run succeeds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from helpers.engines import JAVA, LEAN_JAVA, insert, lean
from helpers.small_warehouse import RUN_GROUPS, customers, environment
from helpers.spark_laws import WHOLE

from segjob.warehouse.spark.session import CLASSES

SCRIPT = Path(__file__).resolve().parents[1] / "helpers" / "dying_job.py"
EVERY = "SEGJOB_EVERY_KILL" in os.environ
"""Whether all moments are tried: half a minute each."""


class Moment(NamedTuple):
    """When a job is killed, and what that leaves.

    whom : `python`, `java` or `both`; words, moment : see `dying_job.prepare`; published : whether the run counts.
    """

    whom: str
    words: str
    moment: str
    published: bool = False


HISTORY = "INSERT OVERWRITE TABLE segments.groups_history"
AT_ONCE = (Moment("java", HISTORY, "segments.db/groups_history/**/_temporary/**/*.parquet"),)
MORE = (
    Moment("python", "INSERT INTO segments.runs", "before"),
    Moment("both", HISTORY, "segments.db/groups_history/**/_temporary/**/*.parquet"),
    Moment("both", HISTORY, "segments.db/groups_history/run_id=*/part-*"),
    Moment("python", "INSERT INTO segments.sweeps", "segments.db/sweeps*/_temporary"),
    Moment("both", "ALTER TABLE segments.groups_history DROP", "before"),
    Moment("both", "INSERT OVERWRITE DIRECTORY", "segments.db/*/_temporary"),
    Moment("both", "ALTER TABLE segments.k_votes SET LOCATION", "before"),
    Moment("both", "INSERT INTO segments.runs", "after", published=True),
    Moment("both", "ALTER VIEW segments.groups_scores", "after", published=True),
    Moment("both", "CREATE OR REPLACE FUNCTION", "before", published=True),
)
LOOK = {
    "the view": "select count(*), count(distinct id), min(run_id), max(run_id) from segments.groups",
    "the current run": "select rows_segmented, run_id from segments.current_runs",
    "its segments": "select count(*), sum(rows), max(run_id) from segments.current_segments",
    "its sweep": "select count(*), max(run_id) from segments.current_sweep",
    "its profile": "select count(*), sum(rows) from segments.groups_profile",
    "scores": "select count(*), count(segment_id) from segments.groups_scores",
    **WHOLE,
}
REMAINS = "select count(*) from segments.{} left anti join segments.runs using (run_id)"
WRITTEN = (
    "groups_history",
    "groups_movements",
    "k_votes",
    "segments",
    "centroids",
    "profiles",
    "transitions",
)


def seen(rows: int, run: int, today: int) -> list[list[list[int]]]:
    """What `LOOK` finds where this run of so many rows is the current one."""
    whole = (
        [[rows, rows, run, run]],
        [[rows, run]],
        [[5, rows, run]],
        [[10, run]],
        [[5, rows]],
        [[today, today]],
    )
    # Something of no run may be there until the next run; all else that must not be is not.
    return [*whole, *([[0]] for law in WHOLE if law != "nothing is of no run")]


def look() -> list[tuple[str, str]]:
    """The steps for it."""
    return [("sql", asked) for law, asked in LOOK.items() if law != "nothing is of no run"]


def process(folder: Path, url: str, *steps: tuple[str, ...]) -> tuple[int, list[Any], str]:
    """A process that does these steps: its exit code, its answers, and what it said on stderr."""
    wanted, answers = folder / "steps.json", folder / "answers.jsonl"
    wanted.write_text(json.dumps(steps))
    done = subprocess.run(
        [sys.executable, SCRIPT, url, wanted, answers],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, [json.loads(line) for line in answers.read_text().splitlines()], done.stderr


@pytest.mark.long
def test_a_killed_job_leaves_the_current_run_whole(java: None, folder: Path) -> None:
    # One test and few processes: a Java starts and ends with each.
    (folder / "lake" / "metastore_db" / "seg0").mkdir(parents=True)  # as a death while it is made leaves it
    init = [sys.executable, "-m", "segjob", "init", "--warehouse", lean(folder / "lake")]
    made = subprocess.run(init, cwd=folder, env=environment(), capture_output=True, text=True, timeout=300)
    assert made.returncode == 0, made.stderr
    known = {f"  config: {folder / 'segjob.toml'}", "WARNING: Using incubator modules: jdk.incubator.vector"}
    assert set(made.stderr.splitlines()) <= known
    assert [file.name for file in (folder / "lake").glob(f"{CLASSES}*")] == [CLASSES]
    # Java refuses to start with this option where it cannot read its classes from that file.
    url = lean(folder / "lake", {JAVA: f"{LEAN_JAVA} -Xshare:on"})
    moments = (*AT_ONCE, *MORE) if EVERY else AT_ONCE
    steps: list[tuple[str, ...]] = [
        ("sql", "create table customers (id integer, income double, score double)"),
        ("sql", insert("customers", customers())),
        RUN_GROUPS,
        ("sql", "truncate table customers"),
        ("sql", insert("customers", customers(200))),
    ]
    expected, current = seen(150, 1, 200), 1
    for whom, words, moment, published in moments:
        code, answers, err = process(folder, url, *steps, *look(), ("kill", whom, words, moment), RUN_GROUPS)
        assert len(answers) == len(steps) + len(look()) + 1 + (whom == "java"), err
        assert answers[len(steps) :][: len(expected)] == expected, (words, moment)
        if whom == "java":
            exit_code, out, told, _ = answers[-1]
            assert (exit_code, out) == (4, "")
            assert "Spark has gone away" in told
            assert "Traceback" not in told + err
        else:
            assert code == -signal.SIGKILL, err
        steps = []
        if published:
            current += 1
            expected = seen(200, current, 200)
    remains = [("sql", REMAINS.format(table)) for table in WRITTEN]
    code, answers, err = process(folder, url, *look(), RUN_GROUPS, *look(), *remains)
    assert code == 0, err
    before, ran, after = answers[: len(look())], answers[len(look())], answers[len(look()) + 1 :]
    assert before == expected
    assert ran[0] == 0, ran
    assert after == seen(200, current + 1, 200) + [[[0]]] * len(WRITTEN)
    assert not list(folder.glob("lake/segments.db/**/_temporary"))
