"""Disk faults at the n-th write, fsync, rename and remove of a job on DuckDB, put in its way by strace.

Killed, disk full, an error of the disk, or a log or block that is torn by a kill: exit code and publication agree, the
laws of the published tables hold, and the next run succeeds.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from attack.conftest import PART
from helpers.attack_figures import Figures
from helpers.small_warehouse import RUN, Segjob, command, environment, query, spawn

CALLS = ("write", "pwrite64", "fsync", "fdatasync", "rename", "unlink", "ftruncate")
FAULTS = {
    "error=ENOSPC": "the disk is full at a call",
    "error=EIO": "the disk fails at a call",
    "signal=SIGKILL": "killed at a call",
}
VERBS: dict[str, tuple[str, ...]] = {
    "run": (*RUN, "--name", "groups", "--k", "4", "--k-range", "3:5"),
    "assign": ("assign", "groups"),
    "score": ("score", "customers", "--into", "scored", "--replace"),
    "rollback": ("rollback",),
    "name": ("name", "1", "Regulars"),
    "snapshot": ("snapshot", "out", "--parquet"),
    "report": ("report", "--out", "page.html"),
    "forget": ("forget", "7"),
}
WRITING = ("run", "assign", "score", "rollback", "name")
"""Verbs that write the warehouse, and in place."""
BLOCK = re.compile(r"pwrite64\(.*, (\d+), (\d+)\b")
"""Bytes, and where in the file."""
PAGE = 4096
"""What a kill does not tear: the kernel looks for signals between pages."""
REPEATED = "forget"
"""Deletes rows and then the file's free blocks: exit code 4 may come between the two, and says to repeat it."""
LAWS = (
    "from segments.runs where rows_read <> rows_segmented + rows_excluded",
    "from segments.runs r where rows_segmented <> "
    "(select count(*) from segments.groups_history h where h.run_id = r.run_id)",
    "from segments.runs r where rows_segmented <> "
    "(select sum(rows) from segments.segments s where s.run_id = r.run_id)",
    "from segments.groups_history anti join segments.runs using (run_id)",
    "from segments.runs r where 2 * k <> (select count(*) from segments.centroids c where c.run_id = r.run_id)",
)

pytestmark = [pytest.mark.long, pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")]


def strace(folder: Path, log: Path, *options: str, verb: str) -> subprocess.CompletedProcess[str]:
    """A job under strace."""
    # With the filter all other calls cost nothing, which is most of the time; but signals are not delivered then.
    fast = () if any("signal=" in option for option in options) else ("--seccomp-bpf",)
    line = ["strace", "-f", *fast, "-y", "-o", str(log), f"-etrace={','.join(CALLS)}", *options]
    asked = command(*VERBS[verb], "--warehouse", folder / "shop.duckdb")
    return subprocess.run(
        [*line, *asked],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def written(folder: Path, log: Path, verb: str) -> list[str]:
    """What the verb writes in the folder, as options that keep faults from what Python itself writes."""
    assert strace(folder, log, verb=verb).returncode == 0
    text = log.read_text()
    names = set(re.findall(r"\(\d+<(/[^>]*)>", text))
    for line in re.findall(r"^\d+ +(?:rename|unlink)\(.*", text, re.MULTILINE):
        names |= {str(folder / name) for name in re.findall(r'"([^"]*)"', line)}
    return [f"-P{name}" for name in sorted(names) if Path(name).is_relative_to(folder)]


def state(file: Path) -> tuple[object, ...]:
    """What the verbs leave: published rows, a page, a serving file."""
    page, served = file.with_name("page.html"), file.parent / "out" / file.name
    return (
        *(
            query(file, f"select {columns} order by all")
            for columns in (
                "run_id, status from segments.runs",
                "run_id, segment_id, name from segments.segments",
                "run_id, count(*) from segments.groups_history group by run_id",
                "count(*) from duckdb_tables() where table_name = 'scored'",
            )
        ),
        page.exists() and page.read_text(encoding="utf-8").rstrip().endswith("</html>"),
        served.exists() and query(served, "select count(*) from segments.current_runs"),
    )


def files_of(folder: Path) -> set[str]:
    """The names of all that a folder holds, in which an unfinished copy would stand out."""
    return {path.name for path in folder.rglob("*")}


def attack_of(verb: str, fault: str) -> str:
    return f"{verb} on DuckDB, {FAULTS[fault]}"


def check_laws(file: Path, told: str) -> None:
    for law in LAWS:
        assert query(file, f"select count(*) {law}") == [(0,)], told


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", VERBS)
def test_every_nth_call(
    groups: Path, tmp_path_factory: pytest.TempPathFactory, figures: Figures, verb: str, fault: str
) -> None:
    if PART < 0.05:
        pytest.skip("only with SEGJOB_ATTACK=0.05 or more")
    folder, kept, log = (
        groups.parent,
        tmp_path_factory.mktemp("kept"),
        tmp_path_factory.mktemp("log") / "trace",
    )
    assert spawn(*VERBS["run"], "-q", "--warehouse", groups, cwd=folder).code == 0
    shutil.copytree(folder, kept, dirs_exist_ok=True)
    before = state(groups)
    paths = written(folder, log, verb)
    wanted, left = state(groups), files_of(folder)
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    assert strace(folder, log, *paths, verb=verb).returncode == 0
    attack = attack_of(verb, fault)
    for call in CALLS:
        total = len(re.findall(rf"^\d+ +{call}\(", log.read_text(), re.MULTILINE))
        figures.whole[attack] += total
        step = max(1, round(1 / PART)) if total > 3 else 1
        for n in range(1, total + 1, step):
            shutil.rmtree(folder)
            shutil.copytree(kept, folder)
            done = strace(
                folder, log.with_name("faulty"), *paths, f"-einject={call}:{fault}:when={n}", verb=verb
            )
            told = f"{verb}, {fault} at {call} {n}: exit code {done.returncode}\n{done.stderr}"
            killed = done.returncode in (-9, 137)
            assert killed or done.returncode in (0, 4), told
            assert "Traceback" not in done.stderr, told
            now = state(groups)
            if not killed and before != wanted and (verb != REPEATED or done.returncode == 0):
                assert (now == wanted) == (done.returncode == 0), told
            assert now in (before, wanted), told
            check_laws(groups, told)
            figures.count(attack, "killed" if killed else f"exit code {done.returncode}")
            if verb == REPEATED:
                repeated = spawn(*VERBS[verb], "--warehouse", groups, cwd=folder)
                assert repeated.code == 0, told + repeated.err
                assert state(groups) == wanted, told
                assert files_of(folder) == left, told
    after = spawn(*VERBS["run"], "-q", "--warehouse", groups, cwd=folder)
    assert after.code == 0, after.err


@pytest.mark.parametrize("verb", WRITING)
def test_a_torn_block(groups: Path, tmp_path: Path, segjob: Segjob, figures: Figures, verb: str) -> None:
    """Killed within a write: part of the block is new. Half of it is overwritten here, for a kill is too quick."""
    if PART < 0.05:
        pytest.skip("only with SEGJOB_ATTACK=0.05 or more")
    folder, log, attack = groups.parent, tmp_path / "trace", f"{verb} on DuckDB, killed within a write"
    assert segjob(*VERBS["run"], "-q", "--warehouse", groups).code == 0
    before, content = state(groups), groups.read_bytes()
    assert strace(folder, log, f"-P{groups}", verb=verb).returncode == 0
    wanted, sizes = state(groups), [int(size) for size, _ in BLOCK.findall(log.read_text())]
    figures.whole[attack], torn = sum(size > PAGE for size in sizes), 0
    for n in range(1, len(sizes) + 1):
        for file in folder.glob("shop.duckdb*"):
            file.unlink()
        groups.write_bytes(content)
        kill = f"-einject=pwrite64:signal=SIGKILL:when={n}"
        assert strace(folder, log, f"-P{groups}", kill, verb=verb).returncode in (-9, 137)
        size, start = map(int, BLOCK.findall(log.read_text())[-1])
        if size <= PAGE:
            continue
        torn += start < len(content)
        with groups.open("r+b") as opened:
            opened.seek(start)
            opened.write(os.urandom(size // 2))
        told = f"{verb}, killed within write {n} of {size} bytes at {start}"
        history = segjob("history", "--warehouse", groups)
        assert history.code == 0, told + history.err
        assert state(groups) in (before, wanted), told
        check_laws(groups, told)
        figures.count(attack, "killed")
    assert torn, "no block in use was written over"
    assert segjob(*VERBS["run"], "-q", "--warehouse", groups).code == 0


@pytest.mark.parametrize("verb", ["run", "rollback"])
def test_a_torn_log(groups: Path, tmp_path: Path, segjob: Segjob, figures: Figures, verb: str) -> None:
    """Killed between commit and checkpoint, and the log ends anywhere: it is the state before, or the one after."""
    if PART < 0.05:
        pytest.skip("only with SEGJOB_ATTACK=0.05 or more")
    wal, attack = (
        groups.with_name(f"{groups.name}.wal"),
        f"{verb} on DuckDB, killed after the commit, its log torn",
    )
    assert segjob(*VERBS["run"], "-q", "--warehouse", groups).code == 0
    before = state(groups)
    kill = ("-einject=pwrite64:signal=SIGKILL:when=1", f"-P{groups}", f"-P{wal}")
    assert strace(groups.parent, tmp_path / "trace", *kill, verb=verb).returncode in (-9, 137)
    content, log = groups.read_bytes(), wal.read_bytes()
    figures.whole[attack], cuts = 200, max(4, round(200 * PART))
    states = set()
    for cut in (len(log) * place // (cuts - 1) for place in range(cuts)):
        groups.write_bytes(content)
        wal.write_bytes(log[:cut])
        told = f"the log of {verb} ends after {cut} of {len(log)} bytes"
        assert segjob("history", "--warehouse", groups).code == 0, told
        check_laws(groups, told)
        states.add(repr(state(groups)))
        figures.count(attack, "as it must be")
    assert repr(before) in states
    assert len(states) == 2
    assert segjob(*VERBS["run"], "-q", "--warehouse", groups).code == 0
