"""Exit code and publication agree: 0 if and only if the command did what it is for, whoever reads its output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from helpers.small_warehouse import RUN, Segjob, command, environment, execute, query

from segjob.warehouse.duckdb.warehouse import DuckDBFile

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
PUBLISH = (*RUN, "--name", "groups", "--k", "5", "--k-range", "4:6")


def shell(line: str, *arguments: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command within a line of bash, where "$@" stands for it; the exit code is the command's own."""
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}", "bash", *command(*arguments)],
        cwd=cwd,
        env=environment() | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def runs(file: Path) -> int:
    """How many runs are published."""
    return int(query(file, "select count(*) from segments.runs")[0][0])


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        '"$@" | head -1',
        '"$@" | true',
        '"$@" >/dev/full',
        '"$@" >&-',
        '"$@" 2>&-',
        '"$@" >&- 2>&- <&-',
        '"$@" >/dev/full 2>&1',
    ],
)
@pytest.mark.parametrize("how", [(), ("--json",)])
@pytest.mark.long
def test_a_run_that_is_published_exits_0(file: Path, line: str, how: tuple[str, ...]) -> None:
    done = shell(line, *PUBLISH, *how, "--warehouse", file, cwd=file.parent)
    assert (done.returncode, runs(file)) == (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_terminal_without_the_character(file: Path) -> None:
    execute(file, 'alter table customers rename column score to "score in €"')
    arguments = [a.replace("score", "score in €") for a in PUBLISH]
    done = shell(
        '"$@"',
        *arguments,
        "--warehouse",
        file,
        cwd=file.parent,
        PYTHONIOENCODING="ascii",
    )
    assert (done.returncode, runs(file)) == (0, 1), done.stderr
    assert "score in \\u20ac" in done.stdout


def test_what_only_shows_says_that_it_could_not(groups: Path) -> None:
    lost = shell('"$@" >/dev/full', "history", "--warehouse", groups, cwd=groups.parent)
    assert lost.returncode == 4
    assert "the output could not be written: No space left" in lost.stderr
    enough = shell('"$@" | true', "history", "--warehouse", groups, cwd=groups.parent)
    assert (enough.returncode, enough.stderr) == (0, "")


UNEXPECTED = """
import sys
import segjob.commands.read.history
def broken(*_): raise {error}
segjob.commands.read.history.history = broken
from segjob.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("KeyError('x')", "error: segjob failed unexpectedly: KeyError: 'x'\n  hint: please report it"),
        ("MemoryError()", "error: there is not enough memory"),
        (
            "ImportError('libscipy.so: failed to map segment')",
            "error: a library cannot be loaded: libscipy.so",
        ),
        ("OSError(28, 'No space left on device')", "error: [Errno 28] No space left on device"),
    ],
)
def test_the_unexpected_is_a_message(groups: Path, error: str, words: str) -> None:
    def history(*more: str) -> subprocess.CompletedProcess[str]:
        line = [
            sys.executable,
            "-c",
            UNEXPECTED.format(error=error),
            "history",
            "--warehouse",
            str(groups),
            *more,
        ]
        return subprocess.run(line, cwd=groups.parent, env=environment(), capture_output=True, text=True)

    short = history()
    assert short.returncode == 4
    assert words in short.stderr
    assert "Traceback" not in short.stderr
    assert "Traceback" in history("--verbose").stderr
    assert '"exit_code": 4' in history("--json").stdout


@pytest.mark.parametrize(
    "verb",
    [
        (*PUBLISH[:-2], "-q"),
        ("name", "1", "Regulars"),
        ("score", "customers", "--into", "scored"),
        ("rollback",),
        ("init",),
    ],
)
def test_what_fails_after_a_commit_is_a_warning_of_every_verb(
    groups: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    if verb == ("rollback",):
        assert segjob(*PUBLISH[:-2], "-q", "--warehouse", groups).code == 0
    after_commit, detach = DuckDBFile._after_commit, DuckDBFile._detach

    def fail(self: DuckDBFile) -> None:
        detach(self)
        raise duckdb.IOException("no space left")

    def fail_then(self: DuckDBFile, was_reading: bool) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(DuckDBFile, "_detach", fail)
            after_commit(self, was_reading)

    monkeypatch.setattr(DuckDBFile, "_after_commit", fail_then)
    outcome = segjob(*verb, "--warehouse", groups)
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("could not be read again: no space left") == 1


def test_what_fails_after_publishing_is_a_warning(file: Path) -> None:
    script = (
        "import segjob.cli.results as r\n"
        "def broken(*_, **__): raise RuntimeError('no terminal')\n"
        "r.print_run = broken\n"
        "from segjob.__main__ import main; main()"
    )
    line = [sys.executable, "-c", script, *PUBLISH, "--warehouse", str(file)]
    done = subprocess.run(line, cwd=file.parent, env=environment(), capture_output=True, text=True)
    assert (done.returncode, runs(file)) == (0, 1)
    assert "warning: all is written, but it could not be shown: RuntimeError: no terminal" in done.stderr
