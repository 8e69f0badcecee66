"""The serving file: the same tables under the same names, swapped in whole under readers that keep it open."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from helpers.small_warehouse import RUN, Segjob, customers, execute, fill, query

from segjob.errors import StatementFailed
from segjob.statements.published import snapshot
from segjob.warehouse.atomic_files import remove_older, replaced_file, replaced_folder

pytestmark = pytest.mark.slow

THREE = (*RUN, "--k", "3", "--k-range", "2:4")
OLD_PYTHON = os.environ.get("SEGJOB_OLD_PYTHON")
"""An interpreter with the oldest DuckDB that has to read the file; read before a fixture hides the variable."""

READER = """
import json, sys, duckdb
file, keep = sys.argv[1], sys.argv[2] == "keep"
question = "select max(run_id), count(*) from segments.customers"
connection = duckdb.connect(file, read_only=True)
print(json.dumps(connection.execute(question).fetchall()), flush=True)
answers = []
import threading
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
while not stop.wait(0.05):
    if not keep:
        connection.close()
        connection = duckdb.connect(file, read_only=True)
    answers.append(connection.execute(question).fetchone())
connection.close()
newest = duckdb.connect(file, read_only=True).execute(question).fetchone()
print(json.dumps({"answers": answers, "newest": newest}))
"""
"""Asks the same question until its stdin closes, over one connection or a new one each time."""


@pytest.fixture
def published(after: Callable[..., Path]) -> Path:
    """Three segments of the customers, run 1."""
    return after(THREE)


@pytest.fixture
def reader() -> Iterator[Callable[[Path, str], subprocess.Popen[str]]]:
    """Starts reader processes, and ends them with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(file: Path, how: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", READER, str(file), how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == [[1, 150]]
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


NOT_SERVED = ("_reasons", "forgotten", "salts")
"""What is larger than all else, and what could tell who was forgotten."""


def held(file: Path) -> dict[str, tuple[list[tuple[object, ...]], list[str]]]:
    """The relations of schema segments: columns with types, and rows."""
    columns = query(
        file,
        "select table_name, column_name, data_type, ordinal_position from information_schema.columns "
        "where table_schema = 'segments' order by all",
    )
    found = {}
    for name in sorted({row[0] for row in columns if not row[0].endswith(NOT_SERVED)}):
        rows = query(file, f'from segments."{name}"')
        found[name] = ([row[1:] for row in columns if row[0] == name], sorted(map(repr, rows)))
    return found


def leftovers(folder: Path) -> set[str]:
    """What stands in the folder beside the links and what they lead to now."""
    links = {path for path in folder.iterdir() if path.is_symlink()}
    current = {path.readlink().name for path in links}
    return {path.name for path in folder.iterdir() if path not in links} - {".segjob.lock", *current}


def test_every_table_and_view_is_a_table_of_the_same_name(published: Path, segjob: Segjob) -> None:
    outcome = segjob("snapshot", "out", "--json", "--warehouse", published)
    assert outcome.code == 0
    serving = Path("out/shop.duckdb")
    copied, original = held(serving), held(published)
    assert set(copied) - set(original) == {"snapshot_info"}
    for name, relation in original.items():
        assert copied[name] == relation, name
    assert {"customers", "customers_profile", "current_runs", "trend", "migration", "k_votes"} <= set(copied)
    assert query(serving, "select count(*) from duckdb_views() where not internal") == [(0,)]
    document = outcome.document
    assert document["relations"] == [*sorted(original), "snapshot_info"]
    assert (document["left_out"], document["size"]) == ([], serving.stat().st_size)
    assert leftovers(Path("out")) == set()


def test_the_same_sql_works_with_and_without_the_catalogue(published: Path, segjob: Segjob) -> None:
    segjob("snapshot", "out", "--warehouse", published)
    for question in (
        "select segment_name, count(*) from segments.customers group by all order by all",
        "select * from shop.segments.customers_profile order by all",
        "select segments.customers_segment(20, 80)",
    ):
        assert query(Path("out/shop.duckdb"), question) == query(published, question)


def test_comments_and_a_line_on_itself_go_along(published: Path, segjob: Segjob) -> None:
    segjob("snapshot", "out", "--warehouse", published)
    question = (
        "select table_name, comment from duckdb_tables() where comment is not null "
        "union all select table_name || '.' || column_name, comment from duckdb_columns() "
        "where comment is not null"
    )
    everything, copied = dict(query(published, question)), dict(query(Path("out/shop.duckdb"), question))
    original = {
        name: comment
        for name, comment in everything.items()
        if not name.partition(".")[0].endswith(NOT_SERVED)
    }
    assert original.items() <= copied.items()
    assert len(original) > 100
    silent = "select table_name, column_name from duckdb_columns() where schema_name = 'segments' and comment is null"
    assert query(Path("out/shop.duckdb"), silent) == []
    [(warehouse,)] = query(Path("out/shop.duckdb"), "select warehouse from segments.snapshot_info")
    assert warehouse == str(published)


@pytest.mark.long
def test_readers_that_keep_it_open_through_ten_runs(
    published: Path, segjob: Segjob, reader: Callable[[Path, str], subprocess.Popen[str]]
) -> None:
    Path("segjob.toml").write_text("[publish]\nsnapshot = 'out'\n")
    segjob("snapshot", "out", "--warehouse", published)
    serving = Path("out/shop.duckdb")
    keeping, returning = reader(serving, "keep"), reader(serving, "return")
    for run in range(2, 12):
        execute(published, f"insert into customers values ({1000 + run}, 50, 50)")
        outcome = segjob(*THREE, "--warehouse", published)
        assert outcome.code == 0, outcome.err
        assert "warning: published, but" not in outcome.err
    kept, returned = (json.loads(process.communicate("")[0]) for process in (keeping, returning))
    assert (keeping.returncode, returning.returncode) == (0, 0)
    assert {tuple(answer) for answer in kept["answers"]} == {(1, 150)}
    assert len(kept["answers"]) > 10
    seen = [run for run, _ in returned["answers"]]
    assert seen == sorted(seen)
    assert all(rows == 149 + run for run, rows in returned["answers"])
    assert kept["newest"] == returned["newest"] == [11, 160]
    assert leftovers(Path("out")) == {".shop.duckdb-10"}


def test_nobody_may_write_it_and_no_log_of_an_older_one_stays(published: Path, segjob: Segjob) -> None:
    segjob("snapshot", "out", "--warehouse", published)
    serving, log = Path("out/shop.duckdb"), Path("out/shop.duckdb.wal")
    assert serving.stat().st_mode & 0o222 == 0
    log.write_bytes(b"of an older file")
    assert segjob("snapshot", "out", "--warehouse", published).code == 0
    assert not log.exists()
    assert query(serving, "select count(*) from segments.customers") == [(150,)]


def test_parquet_holds_the_same_rows_and_replaces_the_one_before(published: Path, segjob: Segjob) -> None:
    outcome = segjob("snapshot", "out", "--parquet", "--warehouse", published)
    assert "out/parquet: the same as Parquet files" in outcome.out
    original = held(published)
    files = {file.stem for file in Path("out/parquet").iterdir()}
    assert files == set(original)
    for name in original:
        rows = duckdb.sql(f"from 'out/parquet/{name}.parquet'").fetchall()
        assert sorted(map(repr, rows)) == original[name][1], name
    first = Path("out/parquet").resolve()
    segjob(*THREE, "--quiet", "--warehouse", published)
    segjob("snapshot", "out", "--parquet", "--warehouse", published)
    assert duckdb.sql("select max(run_id) from 'out/parquet/runs.parquet'").fetchall() == [(2,)]
    # Who was reading the folder before may finish; it goes with the next one.
    assert (first / "runs.parquet").exists()
    segjob("snapshot", "out", "--parquet", "--warehouse", published)
    assert not first.exists()
    assert leftovers(Path("out")) == {".shop.duckdb-2", ".parquet-2"}, "of the versions before, the last"


def test_hostile_names(folder: Path, segjob: Segjob) -> None:
    file = fill(folder / 'it\'s a "shop".duckdb', customers(), table='"a/b; ""c"""')
    options = ("--key", "id", "--features", "income,score", "--k", "2", "--k-range", "2:3", "--quiet")
    relation = '"a/b; ""c"""'
    assert segjob("run", "--from", relation, *options, "--name", 'x/y"z', "--warehouse", file).code == 0
    assert segjob("snapshot", "o'ut", "--parquet", "--warehouse", file).code == 0
    assert query(Path("o'ut") / file.name, 'select count(*) from segments."x/y""z"') == [(150,)]
    assert (folder / "o'ut" / "parquet" / "x%2Fy%22z.parquet").is_file()


def test_a_run_goes_on_where_its_snapshot_cannot_be_written(published: Path, segjob: Segjob) -> None:
    Path("segjob.toml").write_text("[publish]\nsnapshot = 'blocked'\n")
    Path("blocked").write_text("a file, no folder")
    outcome = segjob(*THREE, "--warehouse", published)
    assert outcome.code == 0
    assert "published, but the snapshot was not written: blocked cannot be written" in outcome.err.replace(
        f"{Path.cwd()}/", ""
    )
    assert query(published, "select max(run_id) from segments.runs") == [(2,)]
    document = segjob(*THREE, "--json", "--warehouse", published).document
    assert any("snapshot was not written" in warning for warning in document["runs"][0]["warnings"])


def test_name_and_rollback_reach_the_dashboards(published: Path, segjob: Segjob) -> None:
    segjob(*THREE, "--quiet", "--warehouse", published)
    Path("segjob.toml").write_text("[publish]\nsnapshot = 'out'\n")
    segjob("name", "1", "Regulars", "--warehouse", published)
    serving = Path("out/shop.duckdb")
    assert ("Regulars",) in query(serving, "select name from segments.current_segments")
    segjob("rollback", "--warehouse", published)
    assert query(serving, "select distinct run_id from segments.customers") == [(1,)]


def test_scores_of_a_relation_that_is_gone_are_left_out(published: Path, segjob: Segjob) -> None:
    execute(published, "alter table customers rename to gone")
    outcome = segjob("snapshot", "out", "--warehouse", published)
    assert outcome.code == 0
    assert "customers_scores is left out" in outcome.err
    assert query(Path("out/shop.duckdb"), "select count(*) from segments.customers") == [(150,)]


def test_what_is_refused(published: Path, segjob: Segjob, refused: Callable[..., str], folder: Path) -> None:
    assert "would replace the warehouse" in refused(published, 2, "snapshot", str(folder))
    Path("linked").symlink_to(folder, target_is_directory=True)
    assert "would replace the warehouse" in refused(published, 2, "snapshot", "linked")
    Path("live").mkdir()
    other = fill(folder / "live" / "shop.duckdb", [])
    assert "no snapshot" in refused(published, 4, "snapshot", "live")
    assert query(other, "select count(*) from customers") == [(0,)]
    Path("parquets/parquet").mkdir(parents=True)
    assert "did not make it" in refused(published, 4, "snapshot", "parquets", "--parquet")
    empty = fill(folder / "empty.duckdb", customers())
    assert "nothing is published" in refused(empty, 3, "snapshot", "out")
    assert not Path("out/empty.duckdb").exists()
    Path("segjob.toml").write_text("[publish]\nsnapshot = '.'\n")
    assert "would replace the warehouse" in refused(published, 2, *THREE)


def test_a_snapshot_that_fails_leaves_the_one_before(
    published: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch
) -> None:
    segjob("snapshot", "out", "--warehouse", published)
    before = Path("out/shop.duckdb").read_bytes()
    real = snapshot.copy

    def failing(schema: str, name: str, into: str) -> object:
        if name == "profiles":
            raise StatementFailed("the disk is full", "copy")
        return real(schema, name, into)

    monkeypatch.setattr(snapshot, "copy", failing)
    outcome = segjob("snapshot", "out", "--warehouse", published)
    assert (outcome.code, "the disk is full" in outcome.err) == (4, True)
    assert Path("out/shop.duckdb").read_bytes() == before
    assert leftovers(Path("out")) == set()


def test_two_jobs_do_not_write_at_once(published: Path, segjob: Segjob) -> None:
    Path("out").mkdir()
    with Path("out/.segjob.lock").open("w") as lock:
        lock.write(" 4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = segjob("snapshot", "out", "--lock-timeout", "0.2", "--warehouse", published)
        assert outcome.code == 4
        assert "out is held by process 4711; waited 0.2 s" in outcome.err
        Path("segjob.toml").write_text("[publish]\nsnapshot = 'out'\n")
        begun = time.monotonic()
        outcome = segjob("name", "1", "Regulars", "--lock-timeout", "0.2", "--warehouse", published)
        assert time.monotonic() - begun < 15, "not the 30 seconds of the config"
        assert outcome.code == 0
        assert "published, but the snapshot was not written: " in outcome.err
        assert "out is held by process 4711" in outcome.err
    assert segjob("snapshot", "out", "--lock-timeout", "0.2", "--warehouse", published).code == 0


def test_an_open_dashboard_does_not_block_and_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "served"
    file.write_text("old")
    with file.open() as dashboard:
        with replaced_file(file) as fresh:
            fresh.write_text("new")
            assert file.read_text() == "old"
        assert dashboard.read() == "old"
    assert file.read_text() == "new"
    with suppress(ValueError), replaced_file(file) as fresh:
        fresh.write_text("half")
        raise ValueError
    assert file.read_text() == "new"
    with suppress(ValueError), replaced_folder(tmp_path / "folder"):
        raise ValueError
    assert {path.name for path in tmp_path.iterdir()} == {"served", ".served-1"}


def test_who_is_just_opening_it_finds_the_same_version_again(tmp_path: Path) -> None:
    """DuckDB looks up a path once, and then opens what it found several times."""
    file = tmp_path / "served"
    for version in ("first", "second"):
        with replaced_file(file) as fresh:
            fresh.write_text(version)
    found = file.resolve()
    assert found.read_text() == "second"
    with replaced_file(file) as fresh:
        fresh.write_text("third")
    assert (file.read_text(), found.read_text()) == ("third", "second")
    remove_older(file)
    assert {path.name for path in tmp_path.iterdir()} == {"served", ".served-3"}


def test_folders_of_somebody_else_stay(published: Path, segjob: Segjob) -> None:
    kept = Path("out/.parquet-99/notes.txt")
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    for _ in range(3):
        assert segjob("snapshot", "out", "--parquet", "--warehouse", published).code == 0
    assert kept.read_text() == "mine"


def test_what_a_killed_snapshot_left_is_gone_after_the_next(published: Path, segjob: Segjob) -> None:
    assert segjob("snapshot", "out", "--warehouse", published).code == 0
    for name in (".shop.duckdb-2", ".shop.duckdb-2.wal"):
        Path("out", name).write_bytes(b"half of one")
    assert segjob("snapshot", "out", "--warehouse", published).code == 0
    assert leftovers(Path("out")) == {".shop.duckdb-1"}


def test_duckdb_1_1_reads_it(published: Path, segjob: Segjob) -> None:
    if OLD_PYTHON is None:
        pytest.skip("SEGJOB_OLD_PYTHON names no interpreter with duckdb 1.1")
    segjob("snapshot", "out", "--parquet", "--warehouse", published)
    asked = (
        "import duckdb, json; c = duckdb.connect('out/shop.duckdb', read_only=True)\n"
        "tables = [t for t, in c.execute('select table_name from duckdb_tables()').fetchall()]\n"
        "counts = {t: c.execute(f'select count(*) from segments.\"{t}\"').fetchone()[0] for t in tables}\n"
        "one = c.execute('select segments.customers_segment(20, 80)').fetchone()[0]\n"
        "print(json.dumps([duckdb.__version__, counts, one]))"
    )
    done = subprocess.run([OLD_PYTHON, "-c", asked], capture_output=True, text=True, check=True)
    version, counts, one = json.loads(done.stdout)
    assert version.startswith("1.1")
    assert counts["customers"] == 150
    assert len(counts) == len(held(Path("out/shop.duckdb")))
    assert [(one,)] == query(published, "select segments.customers_segment(20, 80)")


def test_superset_s_way_of_connecting(published: Path, segjob: Segjob) -> None:
    segjob("snapshot", "out", "--warehouse", published)
    engine = sa.create_engine(
        f"duckdb:///{Path('out/shop.duckdb').absolute()}",
        poolclass=sa.NullPool,
        connect_args={"read_only": True},
    )
    question = sa.text("select max(run_id), count(*) from segments.customers")
    with engine.connect() as connection:
        assert connection.execute(question).one() == (1, 150)
        assert {"customers", "customers_profile"} <= set(sa.inspect(connection).get_table_names("segments"))
    segjob(*THREE, "--quiet", "--warehouse", published)
    segjob("snapshot", "out", "--warehouse", published)
    with engine.connect() as connection:
        assert connection.execute(question).one() == (2, 150)
