"""A DuckDB file that is none, that shadows functions or reads other files, and a disk that fills up at any byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, execute

LIMITS = 24 if os.environ.get("SEGJOB_EVERY_KILL") else 6


def test_a_pipe_is_refused_at_once(segjob: Segjob, folder: Path) -> None:
    os.mkfifo(folder / "shop.duckdb")
    outcome = segjob(*RUN_GROUPS, "--warehouse", folder / "shop.duckdb")
    assert outcome.code == 4
    assert "is a pipe or a device, not a file" in outcome.err
    assert segjob(*RUN_GROUPS, "--warehouse", "/dev/zero").code == 4


@pytest.mark.parametrize("verb", [("history",), RUN_GROUPS, ("init",)], ids=lambda verb: verb[0])
def test_a_link_to_itself_is_no_warehouse(segjob: Segjob, folder: Path, verb: tuple[str, ...]) -> None:
    (folder / "loop.duckdb").symlink_to("loop.duckdb")
    outcome = segjob(*verb, "--warehouse", folder / "loop.duckdb")
    assert outcome.code == 4
    assert "unexpectedly" not in outcome.err


def test_macros_in_the_place_of_functions_are_refused(segjob: Segjob, file: Path) -> None:
    execute(file, "create macro hash(x) as 1", "create macro harmless(x) as 1")
    outcome = segjob(*RUN_GROUPS, "--warehouse", file)
    assert outcome.code == 4
    assert "takes the place of DuckDB's own function: hash\n" in outcome.err
    execute(file, "drop macro hash")
    assert segjob(*RUN_GROUPS, "--warehouse", file).code == 0


@pytest.mark.long
def test_a_view_over_a_file_is_read_only_where_that_is_allowed(
    segjob: Segjob, file: Path, folder: Path
) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("copy customers to 'customers.csv'")
        connection.execute(f"create view elsewhere as select * from read_csv('{folder}/customers.csv')")
    arguments = ("run", "--from", "elsewhere", *RUN_GROUPS[3:-2], "other", "-q", "--warehouse", file)
    assert segjob(*arguments).code == 0
    (folder / "segjob.toml").write_text("[warehouse]\nexternal_access = false\n")
    outcome = segjob(*arguments)
    assert outcome.code == 4
    assert "external_access = false" in outcome.err
    for _ in range(2):
        assert segjob(*RUN_GROUPS, "--warehouse", file).code == 0


JOB = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.argv = ["segjob", *sys.argv[2:]]
from segjob.__main__ import main
main()
"""


@pytest.mark.long
def test_a_disk_that_fills_up_at_any_byte(groups: Path, segjob: Segjob) -> None:
    """A limit on the size of files stands for the disk: writing beyond it fails, as on a full one."""
    whole = groups.with_name("whole.duckdb")
    shutil.copy(groups, whole)
    size, seen = groups.stat().st_size, set()
    for step in range(LIMITS):
        shutil.copy(whole, groups)
        limit = 1000 + step * (size + 400_000) // (LIMITS - 1)
        done = subprocess.run(
            [sys.executable, "-c", JOB, str(limit), *RUN_GROUPS, "--warehouse", str(groups)],
            capture_output=True,
            text=True,
        )
        assert done.returncode in (0, 4), done.stderr
        assert "Traceback" not in done.stderr
        seen.add(done.returncode)
        with duckdb.connect(str(groups)) as connection:
            runs = connection.execute("select count(*) from segments.runs").fetchall()
        assert runs == [(2 if done.returncode == 0 else 1,)], (limit, done.stderr)
        assert segjob(*RUN_GROUPS, "--warehouse", groups).code == 0
    assert seen == {0, 4}
