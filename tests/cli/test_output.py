"""What reaches a terminal: text from a warehouse is shown and never obeyed, and errors are short."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Outcome, Segjob, execute
from rich.console import Console
from rich.text import Text

from segjob.cli import output
from segjob.errors import ConfigError
from segjob.printable import is_unsafe, one_line, without_controls

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202eeman\u2066\x7f\r\nerror: all is lost\u2028\u200f"
VERBS = (
    ("show",),
    ("history",),
    ("predict", "income=20", "score=20"),
    ("health",),
    ("diff", "1", "2"),
    ("name", "1", HOSTILE),
    ("score", "customers", "--into", "scored\x1b[2J"),
    ("report", "--out", "page.html"),
    ("report", "--out", f"nowhere\x1b[2J/{'x' * 5000}"),
    ("predict", "income\x1b[2J\u202e=20"),
)


def unsafe(outcome: Outcome) -> set[str]:
    return {c for c in outcome.out + outcome.err if is_unsafe(c) and c != "\n"}


@pytest.fixture
def hostile(after: Callable[..., Path]) -> Path:
    """A warehouse in which the texts of two runs try to steer the terminal."""
    file = after(RUN_GROUPS, RUN_GROUPS)
    text = HOSTILE.replace("'", "''")
    changes = {"segments": "name", "runs": "k_reason", "k_votes": "reason"}
    execute(file, *(f"update segments.{table} set {column} = '{text}'" for table, column in changes.items()))
    execute(file, f"update segments.segments set rule = '{text}', action = '{text}', rule_precision = 0.5")
    return file


@pytest.mark.slow
@pytest.mark.parametrize("json_option", [(), ("--json",)], ids=["text", "json"])
def test_no_verb_lets_a_name_steer_the_terminal(
    hostile: Path, segjob: Segjob, json_option: tuple[str, ...]
) -> None:
    for arguments in VERBS:
        outcome = segjob(*arguments, *json_option, "--warehouse", hostile)
        assert unsafe(outcome) == set(), arguments
        if arguments[0] != "diff":  # whose narrow columns wrap
            assert not [line for line in outcome.out.splitlines() if line.startswith("error")], arguments
        if json_option and outcome.out:
            json.loads(outcome.out)
    if json_option:
        shown = segjob("show", "--json", "--warehouse", hostile).document
        assert shown["segments"][1]["name"] == HOSTILE, "a document is escaped, not changed"


def test_colours_are_the_consoles_own() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard")
    console.push_render_hook(output._Cleaning())
    console.print(Text("a\x1b[31mb", style="bold"))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "\x1b[1ma[31mb\x1b[0m\n"


def test_errors_shorten_long_values(capsys: pytest.CaptureFixture[str]) -> None:
    error = ConfigError(
        f"there is no column '{'x' * 10_000}' in it\n" + "many words " * 1000, hint="y" * 5000
    )
    output.print_error(error, as_json=True, verbose=False)
    shown = capsys.readouterr()
    assert len(shown.err) < 2500
    assert shown.err.startswith("error: there is no column 'xxx")
    assert "xxx' in it\n" in shown.err
    assert len(json.loads(shown.out)["error"]) < 1500
    output.print_error(error, as_json=False, verbose=True)
    assert error.message in capsys.readouterr().err


def test_ordinary_text_is_left_alone() -> None:
    for text in ("Ärger & Co, 日本語, שלום", "it's 5 €", "line\nline"):
        assert without_controls(text) == text
    assert one_line("two\n lines\tand\x1b[2J") == "two lines and [2J"
