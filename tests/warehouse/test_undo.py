"""A job that is killed while DuckDB writes metadata over a block in use: the next command puts the file right."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from helpers.small_warehouse import RUN_GROUPS, Segjob, query

from segjob.warehouse.duckdb import undo
from segjob.warehouse.duckdb.warehouse import DuckDBFile

BLOCKS = 3 * 4096


class Killed(BaseException):
    """Stands for a signal."""


def door(file: Path) -> DuckDBFile:
    return DuckDBFile(label=str(file), path=file)


@contextmanager
def killed_in_the_checkpoint(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The job in this block ends with the first block written by half, and the rest not at all."""

    def stop(self: undo.GuardedCheckpoint, connection: Any, catalog: str) -> None:
        self.keep(connection, catalog)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(undo.GuardedCheckpoint, "run", stop)
        with pytest.raises(Killed):
            yield
    with file.open("r+b") as opened:
        opened.seek(BLOCKS + 4096)
        opened.write(b"\xa5" * 100_000)
    with pytest.raises(duckdb.Error, match="checksum"):
        duckdb.connect(str(file), read_only=True)


def keep(file: Path) -> None:
    """A copy as of a job that was killed after making it."""
    checkpoint = undo.GuardedCheckpoint(file)
    with duckdb.connect(str(file), read_only=True) as connection:
        checkpoint.keep(connection, "shop")
    checkpoint.close()


def write(file: Path, statement: str) -> None:
    warehouse = door(file)
    with warehouse.writing():
        warehouse.execute(sa.text(statement))


def test_the_next_command_finds_all_that_was_committed(
    segjob: Segjob, groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert segjob(*RUN_GROUPS, "--warehouse", groups).code == 0
    with killed_in_the_checkpoint(groups, monkeypatch):
        write(groups, "create table later as select range as x from range(100)")
    outcome = segjob("history", "--warehouse", groups)
    assert outcome.code == 0, outcome.err
    assert not undo.undo_file(groups).exists()
    assert query(groups, "select count(*), sum(x) from later") == [(100, 4950)]
    assert segjob(*RUN_GROUPS, "--warehouse", groups).code == 0
    assert query(groups, "select count(*) from segments.runs") == [(3,)]
    assert not groups.with_name(f"{groups.name}.wal").exists()


def test_a_link_leads_to_the_same_copy(
    segjob: Segjob, groups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "other.duckdb"
    link.symlink_to(groups)
    with killed_in_the_checkpoint(groups, monkeypatch):
        write(link, "create table later as select 1 as x")
    assert segjob("check", *RUN_GROUPS[1:-3], "--warehouse", groups).code == 0
    assert not undo.undo_file(link).exists()


def test_a_file_that_has_changed_since_stays_as_it_is(groups: Path) -> None:
    keep(groups)
    write(groups, "create table later as select 1 as x")
    undo_copy = undo.undo_file(groups)
    assert not undo_copy.exists()
    keep(groups)
    with duckdb.connect(str(groups)) as connection:
        connection.execute("create table more as select 2 as x")
    content = groups.read_bytes()
    undo.settle(groups)
    assert groups.read_bytes() == content
    assert not undo_copy.exists()


@pytest.mark.parametrize("cut", [0, 5, 20, 100_000, -1])
def test_a_copy_that_is_not_whole_is_not_used(groups: Path, cut: int) -> None:
    content = groups.read_bytes()
    keep(groups)
    copy = undo.undo_file(groups)
    copy.write_bytes(copy.read_bytes()[:cut])
    with groups.open("r+b") as opened:
        opened.seek(BLOCKS)
        opened.write(b"\0" * 4096)
    undo.settle(groups)
    assert groups.read_bytes() == content[:BLOCKS] + b"\0" * 4096 + content[BLOCKS + 4096 :]


def test_nothing_is_done_while_somebody_has_the_file(groups: Path) -> None:
    keep(groups)
    script = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.readline()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(groups)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        content = groups.read_bytes()
        undo.settle(groups)
        assert undo.undo_file(groups).exists()
        assert groups.read_bytes() == content
        holder.communicate(b"\n")
    undo.settle(groups)
    assert not undo.undo_file(groups).exists()


def test_the_lock_is_kept_while_the_copy_is_made(groups: Path) -> None:
    """Who closes a file gives up the locks that the process has on it by any other handle."""
    script = "import duckdb, sys; duckdb.connect(sys.argv[1], read_only=True)"
    warehouse, checkpoint = door(groups), undo.GuardedCheckpoint(groups)
    with warehouse.writing():
        checkpoint.keep(warehouse._raw, "shop")
        other = subprocess.run([sys.executable, "-c", script, str(groups)], capture_output=True, text=True)
        assert other.returncode != 0
        assert "lock" in other.stderr
    checkpoint.close()


def test_the_copy_is_read_by_those_who_read_the_file(groups: Path) -> None:
    groups.chmod(0o640)
    keep(groups)
    assert stat.S_IMODE(undo.undo_file(groups).stat().st_mode) == 0o640


def refuse_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """No copy can be written from here on."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(undo.GuardedCheckpoint, "keep", fail)


def test_forget_says_what_is_left_when_no_copy_can_be_written(
    segjob: Segjob, groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        refuse_to_keep(patch)
        outcome = segjob("forget", "7", "--warehouse", groups)
    assert outcome.code == 4
    assert "could not be written anew, so deleted rows may still be in it" in outcome.err
    assert "run the same command again" in outcome.err
    assert segjob("forget", "7", "--warehouse", groups).code == 0
    assert not undo.undo_file(groups).exists()
    assert query(groups, "select count(*) from segments.groups where id = 7") == [(0,)]


def test_without_a_copy_the_log_is_not_merged(
    segjob: Segjob, groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = groups.with_name(f"{groups.name}.wal")
    with monkeypatch.context() as patch:
        refuse_to_keep(patch)
        outcome = segjob(*RUN_GROUPS, "--warehouse", groups)
    assert outcome.code == 0
    assert "the next job has to merge the log into the file" in outcome.err
    assert "No space left on device" in outcome.err
    assert log.exists()
    assert segjob("rollback", "--warehouse", groups).code == 0
    assert not log.exists()
    assert query(groups, "select run_id from segments.current_runs") == [(1,)]
    assert query(groups, "select count(*) from segments.runs") == [(2,)]


def test_a_copy_beside_a_file_that_opens_is_not_looked_at(
    segjob: Segjob, groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be of a file that was made since, with the same headers, or of what another thread just writes."""

    def fail(file: Path) -> None:
        raise AssertionError(file)

    keep(groups)
    monkeypatch.setattr("segjob.warehouse.duckdb.connection.settle", fail)
    assert segjob("history", "--warehouse", groups).code == 0
    assert segjob(*RUN_GROUPS, "--warehouse", groups).code == 0
    assert not undo.undo_file(groups).exists()


def test_threads_of_one_process_write_in_turns(groups: Path) -> None:
    """Locks do not keep them apart, and one of them must not undo what another is writing."""

    def work(thread: int) -> None:
        for i in range(15):
            write(groups, f"create table written_{thread}_{i} as select range as x from range(1000)")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    found = query(groups, "select count(*) from duckdb_tables() where table_name like 'written%'")
    assert found == [(30,)]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives a file away")
def test_the_copy_is_the_owner_s(groups: Path) -> None:
    os.chown(groups, 1234, 2345)
    keep(groups)
    status = undo.undo_file(groups).stat()
    assert (status.st_uid, status.st_gid) == (1234, 2345)


def test_who_may_not_write_reads_a_file_that_is_whole(
    segjob: Segjob, groups: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path) -> None:
        raise PermissionError(13, "Permission denied")

    whole = groups.read_bytes()
    with killed_in_the_checkpoint(groups, monkeypatch):
        write(groups, "create table later as select 1 as x")
    torn = groups.read_bytes()
    monkeypatch.setattr("segjob.warehouse.duckdb.connection.settle", refuse)
    outcome = segjob("history", "--warehouse", groups)
    assert outcome.code == 4
    assert "a job was killed while it wrote" in outcome.err
    assert "as a user who may write it" in outcome.err
    assert groups.read_bytes() == torn
    groups.write_bytes(whole)
    assert segjob("history", "--warehouse", groups).code == 0
