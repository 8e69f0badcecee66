"""Ctrl-C and kill -9 at any moment: the warehouse opens, holds whole runs only, and the next run works."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest
from helpers.small_warehouse import command, customers, dump, environment, execute, fill, query, spawn

ASKED = (
    *("run", "--from", "crowd", "--key", "id", "--features", "income,score"),
    *("--k", "4", "--k-range", "3:5", "--name", "s"),
)
WHOLE = {
    "a row read is segmented or excluded": "from segments.runs where rows_read <> rows_segmented + rows_excluded",
    "history has the run's rows": "from segments.runs r where rows_segmented <> "
    "(select count(*) from segments.s_history h where h.run_id = r.run_id)",
    "segments have the run's rows": "from segments.runs r where rows_segmented <> "
    "(select sum(rows) from segments.segments s where s.run_id = r.run_id)",
    "history is of a run": "from segments.s_history anti join segments.runs using (run_id)",
    "a sweep is of a run": "from segments.sweeps anti join segments.runs using (run_id)",
    "centroids are complete": "from segments.runs r where 2 * k <> "
    "(select count(*) from segments.centroids c where c.run_id = r.run_id)",
    "the view is the last run": "from segments.s where run_id <> (select max(run_id) from segments.runs)",
}


@pytest.fixture(scope="module")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """A warehouse with two published runs, and the seconds that the second took here and now."""
    folder = tmp_path_factory.mktemp("crowd")
    file = fill(folder / "shop.duckdb", customers(50))
    execute(
        file,
        "create table crowd as select 1000 * i + id as id, income + random() as income, score + random() as score "
        "from customers, range(600) t(i)",
    )
    assert spawn(*ASKED, "--warehouse", file, cwd=folder).code == 0
    started = time.monotonic()
    assert spawn(*ASKED, "--warehouse", file, cwd=folder).code == 0
    return file, time.monotonic() - started


@pytest.fixture
def crowd(run_once: tuple[Path, float], tmp_path: Path) -> tuple[Path, float]:
    """A copy of that warehouse."""
    file, seconds = run_once
    return Path(shutil.copy(file, tmp_path / "shop.duckdb")), seconds


def stopped(file: Path, number: signal.Signals, after: float) -> tuple[int, str, float]:
    """The exit code and the words of a run that gets a signal, and the seconds that it took."""
    started = time.monotonic()
    process = subprocess.Popen(
        command(*ASKED, "--warehouse", file),
        cwd=file.parent,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that starts these tests in the background has them, and all that they start, ignore interrupts.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    try:
        _, words = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
        _, words = process.communicate(timeout=120)
    return process.returncode, words, time.monotonic() - started


def is_whole(file: Path) -> None:
    """Whatever there is, there is all of it."""
    for law, broken in WHOLE.items():
        assert query(file, f"select count(*) {broken}") == [(0,)], law


def moment(part: float, seconds: float) -> float:
    """A time anywhere in the fifth of a run that begins at this part of it; the interpreter starts before them all."""
    return seconds * (0.1 + 0.9 * (part + random.random() / 5))


@pytest.mark.long
def test_interrupts(crowd: tuple[Path, float]) -> None:
    file, seconds = crowd
    ends = set()
    for part in (0.0, 0.2, 0.4, 0.6, 0.8):
        before = dump(file)
        after = moment(part, seconds)
        code, words, took = stopped(file, signal.SIGINT, after)
        told = f"after {after:.2f} of {seconds:.2f} s: exit code {code}\n{words}"
        # A shell calls both 130; 0 is a run that was faster than the signal.
        assert code in (130, -signal.SIGINT, 0), told
        assert "Traceback" not in words, told
        assert "Exception ignored" not in words, told
        ends.add(code)
        if code == 0:
            seconds = min(seconds, took)  # the run that was timed had a busier machine
        else:
            now = dump(file)
            published = now["segments.runs rows"] != before["segments.runs rows"]
            assert published or now == before, told
        is_whole(file)
    assert ends != {0}, "no run was interrupted"
    assert spawn(*ASKED, "--warehouse", file, cwd=file.parent).code == 0
    is_whole(file)


@pytest.mark.long
def test_kills(crowd: tuple[Path, float]) -> None:
    file, seconds = crowd
    ((runs,),) = query(file, "select count(*) from segments.runs")
    for part in (0.0, 0.2, 0.4, 0.6, 0.8):
        code, _, _ = stopped(file, signal.SIGKILL, moment(part, seconds))
        assert code in (-signal.SIGKILL, 0)
        is_whole(file)
        ((now,),) = query(file, "select count(*) from segments.runs")
        assert now in (runs, runs + 1)
        runs = now
    assert spawn(*ASKED, "--warehouse", file, cwd=file.parent).code == 0
    is_whole(file)
    assert not list(file.parent.glob("*.wal"))
