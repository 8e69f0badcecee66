"""A DuckDB file that is missing, damaged, held or not writable: exit code 4, in words, and never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from helpers.small_warehouse import Segjob, customers, dump, execute, fill, query

from segjob.config import Config
from segjob.errors import ConfigError, StatementFailed, WarehouseBusy, WarehouseError
from segjob.warehouse.connect import connect
from segjob.warehouse.duckdb.errors import opening_error
from segjob.warehouse.duckdb.warehouse import DuckDBFile

ASKED = ("--from", "customers", "--key", "id", "--features", "income,score")


@contextmanager
def held(file: Path, *, read_only: bool, seconds: float = 60) -> Iterator[int]:
    """Another process has the file open, for so long; its number."""
    script = (
        "import duckdb, sys, time\n"
        "connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'True')\n"
        "print('open', flush=True)\n"
        "time.sleep(float(sys.argv[3]))\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(file), str(read_only), str(seconds)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        try:
            yield holder.pid
        finally:
            holder.kill()


def door(file: Path, **settings: float) -> DuckDBFile:
    return DuckDBFile(label=str(file), path=file, **settings)  # type: ignore[arg-type]


def failed(segjob: Segjob, file: Path, *options: str) -> str:
    """What a run says that has to end with exit code 4."""
    outcome = segjob("run", "-q", *ASKED, "--warehouse", file, *options)
    assert outcome.code == 4, outcome.err
    assert outcome.out == ""
    return outcome.err


def test_no_file(folder: Path, segjob: Segjob) -> None:
    for file in (folder / "none.duckdb", folder / "nowhere" / "none.duckdb"):
        message = failed(segjob, file)
        assert f"there is no warehouse file {file}" in message
        assert "dbt run" in message
        assert "SEGJOB_WAREHOUSE" in message
        assert not file.exists()


def test_what_is_no_duckdb_file(folder: Path, segjob: Segjob) -> None:
    file = folder / "other.duckdb"
    for content in ("", "hi", "customer,income,score\n1,2,3\n" * 500, "SQLite format 3\0" + "x" * 9000):
        file.write_text(content)
        assert "is not a DuckDB database" in failed(segjob, file)
        assert file.read_text() == content
    message = failed(segjob, folder)
    assert "is a folder, not a file" in message


def test_a_damaged_file(file: Path, folder: Path, segjob: Segjob) -> None:
    whole = file.read_bytes()
    for name, content in {
        "half": whole[: len(whole) // 2],
        "scratched": whole[:3000] + b"\xff" * 6000 + whole[9000:],
    }.items():
        damaged = folder / f"{name}.duckdb"
        damaged.write_bytes(content)
        started = time.monotonic()
        assert "is damaged" in failed(segjob, damaged)
        # "block" is not "lock": there is nothing to wait for.
        assert time.monotonic() - started < 10


def test_a_writer_holds_the_file(file: Path, segjob: Segjob) -> None:
    with held(file, read_only=False) as holder:
        started = time.monotonic()
        message = failed(segjob, file, "--lock-timeout", "0.5")
        assert time.monotonic() - started >= 0.5
    assert f"is held by process {holder}" in message
    assert "waited 0.5 s" in message
    assert "--lock-timeout" in message


def test_a_reader_holds_the_file(file: Path, segjob: Segjob) -> None:
    """Everything goes well until the run wants to publish."""
    before = dump(file)
    with held(file, read_only=True) as holder:
        message = failed(segjob, file, "--lock-timeout", "0.3")
    assert f"is held by process {holder}" in message
    assert dump(file) == before


@pytest.mark.parametrize("read_only", [True, False], ids=["reader", "writer"])
def test_the_holder_lets_go_in_time(file: Path, segjob: Segjob, read_only: bool) -> None:
    with held(file, read_only=read_only, seconds=2):
        outcome = segjob("run", "-q", *ASKED, "--warehouse", file, "--lock-timeout", "60")
    assert outcome.code == 0, outcome.err
    assert query(file, "select count(*) from segments.customers") == [(150,)]


def test_readers_do_not_wait_for_readers(file: Path, segjob: Segjob) -> None:
    with held(file, read_only=True):
        assert segjob("check", *ASKED, "--warehouse", file, "--lock-timeout", "0").code == 0
        assert segjob("history", "--warehouse", file, "--lock-timeout", "0").code == 0


def test_a_writer_that_died_left_its_log(file: Path, segjob: Segjob) -> None:
    """What it committed is in the write-ahead log; reading sees it, and the run that writes takes it in."""
    script = (
        "import duckdb, os, sys\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "connection.execute('insert into customers select 1000 + i, i, i from range(50) t(i)')\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, str(file)]).returncode == 9
    log = file.with_name(f"{file.name}.wal")
    assert log.exists()
    with door(file).reading():
        pass
    assert log.exists()
    outcome = segjob("run", "-q", *ASKED, "--warehouse", file)
    assert outcome.code == 0, outcome.err
    assert query(file, "select count(*) from segments.customers") == [(200,)]
    assert not log.exists()


def test_nothing_is_held_after_a_failure(file: Path, segjob: Segjob) -> None:
    execute(file, "update customers set score = 'nan' where id = 1")
    assert segjob("run", "-q", *ASKED, "--warehouse", file).code == 3
    with held(file, read_only=False):
        pass


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (
            'IO Error: Could not set lock on file "/data/shop.duckdb": Conflicting lock is held in /usr/bin/python3 '
            "(deleted) (PID 4242) by user ann. See also https://duckdb.org/docs/stable/connect/concurrency",
            WarehouseBusy,
            "is held by process 4242 (/usr/bin/python3); waited 2.5 s",
        ),
        (
            'IO Error: Could not set lock on file "/data/shop.duckdb": Resource temporarily unavailable',
            WarehouseBusy,
            "is held by another process; waited 2.5 s",
        ),
        (
            'IO Error: Cannot open file "/data/shop.duckdb": The process cannot access the file because it is being '
            "used by another process.",
            WarehouseBusy,
            "is held by another process",
        ),
        (
            'IO Error: Cannot open file "/data/shop.duckdb": Permission denied',
            WarehouseError,
            "cannot be written",
        ),
        (
            'IO Error: Cannot open file "/data/shop.duckdb": Read-only file system',
            WarehouseError,
            "cannot be written",
        ),
        (
            "IO Error: Could not read block 7 of the file: checksum does not match",
            WarehouseError,
            "is damaged",
        ),
        ("IO Error: Disk quota exceeded", WarehouseError, "cannot be written, because the disk is full"),
    ],
)
def test_the_engines_words_are_told_apart(words: str, kind: type[WarehouseError], said: str) -> None:
    problem = opening_error(Path("/data/shop.duckdb"), duckdb.IOException(words), 2.5)
    assert type(problem) is kind
    assert said in problem.message
    assert "/data/shop.duckdb" in problem.message


def _cannot_write(folder: Path) -> bool:
    """Whether a folder without write permission stops this user: it does not stop root."""
    try:
        (folder / "probe").touch()
    except PermissionError:
        return True
    (folder / "probe").unlink()
    return False


def test_a_folder_that_is_not_writable(file: Path, folder: Path, segjob: Segjob) -> None:
    locked = folder / "locked"
    locked.mkdir()
    shutil.copy(file, locked / "shop.duckdb")
    (locked / "shop.duckdb").chmod(0o444)
    locked.chmod(0o555)
    try:
        if not _cannot_write(locked):
            pytest.skip("this user may write anywhere")
        assert "cannot be written" in failed(segjob, locked / "shop.duckdb")
    finally:
        locked.chmod(0o755)


def test_a_file_system_that_is_read_only(segjob: Segjob, folder: Path) -> None:
    """Where even root may not write: the kernel's own files."""
    if not Path("/proc/sys").is_dir():
        pytest.skip("no /proc here")
    outcome = segjob("init", "--config", folder / "segjob.toml", "--warehouse", "/proc/sys/shop.duckdb")
    assert outcome.code == 4
    assert "/proc/sys/shop.duckdb cannot be" in outcome.err


def test_a_new_file_is_made_for_older_readers(folder: Path, segjob: Segjob) -> None:
    file = folder / "new.duckdb"
    assert segjob("init", "--warehouse", file).code == 0
    ((version,),) = query(
        file, "select tags['storage_version'] from duckdb_databases() where path is not null and not internal"
    )
    assert version.startswith("v1.0")
    missing = segjob("init", "--warehouse", folder / "nowhere" / "new.duckdb")
    assert missing.code == 4
    assert "is in a folder that does not exist" in missing.err


@pytest.mark.parametrize("name", ["segments", "Segments", "memory"])
def test_a_file_with_the_name_of_a_schema(folder: Path, segjob: Segjob, name: str) -> None:
    outcome = segjob("check", *ASKED, "--warehouse", fill(folder / f"{name}.duckdb", customers()))
    assert outcome.code == 2
    assert f"the warehouse {name}.duckdb has the name of" in outcome.err
    assert "rename the file" in outcome.err


@pytest.mark.parametrize("name", ["main", "it's", 'a"b', "a b.c", "ü"])
def test_a_file_of_any_other_name(folder: Path, segjob: Segjob, name: str) -> None:
    file = fill(folder / f"{name}.duckdb", customers())
    assert segjob("init", "--warehouse", file).code == 0
    assert segjob("history", "--warehouse", file).code == 0
    assert segjob("check", *ASKED, "--warehouse", file).code == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///shop.db", "no engine for the warehouse sqlite://..."),
        ("mysql://ann:secret@host/shop", "no engine for the warehouse mysql://..."),
        (":memory:", "is not a file"),
        ("duckdb:///", "is not a file"),
    ],
)
def test_urls_that_lead_nowhere(folder: Path, segjob: Segjob, url: str, words: str) -> None:
    outcome = segjob("check", *ASKED, "--warehouse", url)
    assert outcome.code == 2
    assert words in outcome.err
    assert "secret" not in outcome.err


def test_who_names_the_warehouse(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option, then the environment, then the config; the config's path is relative to the config."""
    config = Config.model_validate({"warehouse": {"url": "c.duckdb"}, "directory": folder / "project"})

    def path(**given: str) -> Path:
        found = connect(config, warehouse=given.get("option"), environment=given)
        assert isinstance(found, DuckDBFile)
        return found.path

    assert path(option="a.duckdb", SEGJOB_WAREHOUSE="b.duckdb") == folder / "a.duckdb"
    assert path(SEGJOB_WAREHOUSE="b.duckdb") == folder / "b.duckdb"
    assert path(SEGJOB_WAREHOUSE="duckdb:///b.duckdb") == folder / "b.duckdb"
    assert path() == folder / "project" / "c.duckdb"
    with pytest.raises(ConfigError, match="no warehouse is named"):
        connect(Config(directory=folder), environment={})


def test_a_transaction_is_whole(file: Path) -> None:
    before = dump(file)
    warehouse = door(file)

    def write() -> None:
        with warehouse.reading(), warehouse.writing():
            warehouse.execute(sa.text("create table half as select 1 as x"))
            warehouse.execute(sa.text("select nothing from nowhere"))

    with pytest.raises(StatementFailed) as caught:
        write()
    assert caught.value.statement == "select nothing from nowhere"
    assert "nowhere" in caught.value.words
    assert dump(file) == before


def test_what_is_written_is_there_for_the_reader(file: Path) -> None:
    warehouse = door(file)
    with warehouse.reading():
        with warehouse.writing():
            warehouse.execute(sa.text("create table half as select 1 as x"))
        assert warehouse.scalar(sa.text("select x from half")) == 1
        with pytest.raises(StatementFailed):
            warehouse.execute(sa.text("create table other as select 1 as x"))


def test_reading_does_not_touch_the_file(file: Path) -> None:
    os.utime(file, (1, 1))
    with door(file).reading():
        pass
    assert file.stat().st_mtime == 1


def test_columns_are_asked_for_once_until_a_table_changes(file: Path) -> None:
    names = ["customers", "added"]
    added = sa.Table("added", sa.MetaData(), sa.Column("id", sa.BigInteger()))
    warehouse = door(file)
    with warehouse.reading():
        first = warehouse.columns_of_each(None, names)
        assert ([c.name for c in first["customers"]], first["added"]) == (["id", "income", "score"], [])
        asked = warehouse.ledger.statements
        assert warehouse.columns_of_each(None, names) == first
        assert warehouse.ledger.statements == asked
        with warehouse.writing():
            assert warehouse.columns_of_each(None, names) == first
            warehouse.execute_each([sa.schema.CreateTable(added)])
            assert [c.name for c in warehouse.columns_of(None, "added")] == ["id"]
            warehouse.execute(sa.text("alter table added add column more double"))
            assert [c.name for c in warehouse.columns_of(None, "added")] == ["id", "more"]
            warehouse.execute(sa.insert(added).values(id=1))
        assert [c.name for c in warehouse.columns_of(None, "added")] == ["id", "more"]


def test_relations_are_named_as_one_types_them(file: Path) -> None:
    execute(file, 'create schema "s.t"', 'create table "s.t"."a""b" (x int)', 'create table "x.y" (x int)')
    warehouse = door(file)
    with warehouse.reading():
        assert warehouse.relations() == ["customers", '"x.y"', '"s.t"."a""b"']
