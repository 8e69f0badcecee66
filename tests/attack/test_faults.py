"""Disk faults at the n-th write, fsync, rename and remove of a job on DuckDB, put in its way by strace.

Killed, disk full, or an error of the disk: exit code and publication agree, the laws of the published tables hold,
and the next run succeeds. Torn writes, a power cut and other file systems are not tried here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from attack.conftest import PART
from helpers.small_warehouse import RUN, command, environment, query, spawn

Count = Callable[[str], None]
CALLS = ("write", "pwrite64", "fsync", "fdatasync", "rename", "unlink", "ftruncate")
FAULTS = ("error=ENOSPC", "error=EIO", "signal=SIGKILL")
VERBS: dict[str, tuple[str, ...]] = {
    "run": (*RUN, "--name", "groups", "--k", "4", "--k-range", "3:5"),
    "score": ("score", "customers", "--into", "scored", "--replace"),
    "rollback": ("rollback",),
    "name": ("name", "1", "Regulars"),
    "snapshot": ("snapshot", "out", "--parquet"),
    "report": ("report", "--out", "page.html"),
}
LAWS = (
    "from segments.runs where rows_read <> rows_segmented + rows_excluded",
    "from segments.runs r where rows_segmented <> "
    "(select count(*) from segments.groups_history h where h.run_id = r.run_id)",
    "from segments.runs r where rows_segmented <> "
    "(select sum(rows) from segments.segments s where s.run_id = r.run_id)",
    "from segments.groups_history anti join segments.runs using (run_id)",
    "from segments.runs r where 2 * k <> (select count(*) from segments.centroids c where c.run_id = r.run_id)",
)

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")]


def traced(folder: Path, log: Path, *options: str, verb: str) -> subprocess.CompletedProcess[str]:
    """A job under strace. Faults are in the calls on files of the folder only, not in what Python loads."""
    paths = [f"-P{path}" for path in reached(folder)]
    line = ["strace", "-f", "-o", str(log), f"-etrace={','.join(CALLS)}", *paths, *options]
    asked = command(*VERBS[verb], "--warehouse", folder / "shop.duckdb")
    return subprocess.run(
        [*line, *asked],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def reached(folder: Path) -> list[Path]:
    """The files that the verbs write."""
    out = folder / "out"
    names = ("shop.duckdb", "shop.duckdb.wal", ".shop.duckdb.segjob-new", ".shop.duckdb.segjob-new.wal")
    page = [folder / "page.html", folder / ".page.html.segjob-new"]
    return [folder, *(folder / name for name in names[:2]), *page, out, *(out / name for name in names)]


def state(file: Path) -> tuple[object, ...]:
    """What the command line's verbs publish."""
    return tuple(
        query(file, f"select {columns} order by all")
        for columns in (
            "run_id, status from segments.runs",
            "run_id, segment_id, name from segments.segments",
            "count(*) from duckdb_tables() where table_name = 'scored'",
        )
    )


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", VERBS)
def test_every_nth_call(
    groups: Path, tmp_path_factory: pytest.TempPathFactory, count: Count, verb: str, fault: str
) -> None:
    if PART < 0.05 and verb != "name":
        pytest.skip("only with SEGJOB_ATTACK=0.05 or more")
    folder, kept, log = (
        groups.parent,
        tmp_path_factory.mktemp("kept"),
        tmp_path_factory.mktemp("log") / "trace",
    )
    assert spawn(*VERBS["run"], "-q", "--warehouse", groups, cwd=folder).code == 0
    shutil.copytree(folder, kept, dirs_exist_ok=True)
    before = state(groups)
    assert traced(folder, log, verb=verb).returncode == 0
    wanted = state(groups)
    for call in CALLS:
        total = len(re.findall(rf"^\d+ +{call}\(", log.read_text(), re.MULTILINE))
        step = max(1, round(1 / PART) // 4) if total > 3 else 1
        for n in range(1, total + 1, step):
            shutil.rmtree(folder)
            shutil.copytree(kept, folder)
            done = traced(folder, log.with_name("faulty"), f"-einject={call}:{fault}:when={n}", verb=verb)
            told = f"{verb}, {fault} at {call} {n}: exit code {done.returncode}\n{done.stderr}"
            killed = done.returncode in (-9, 137)
            assert killed or done.returncode in (0, 4), told
            assert "Traceback" not in done.stderr, told
            now = state(groups)
            if not killed and before != wanted:
                assert (now == wanted) == (done.returncode == 0), told
            assert now in (before, wanted), told
            for law in LAWS:
                assert query(groups, f"select count(*) {law}") == [(0,)], told
            count(f"{verb}, {fault} at a {call}: {'killed' if killed else f'exit code {done.returncode}'}")
    after = spawn(*VERBS["run"], "-q", "--warehouse", groups, cwd=folder)
    assert after.code == 0, after.err
