"""The statements and the command that `segjob run` suggests are such as run."""

from __future__ import annotations

import html
import re
import shlex
from pathlib import Path

import pytest
from helpers.small_warehouse import RUN, Segjob, query


@pytest.mark.parametrize("name", ["shoppers", "order", "my shop 2025", "Big", "100%", 'a"b', "sélect"])
def test_suggested_statements_run_whatever_the_name(segjob: Segjob, file: Path, name: str) -> None:
    described = ("--from", "customers", "--key", "id", "--features", "income,score", "--name", name)
    outcome = segjob("run", *described, "--k", "2", "--warehouse", file, "--quiet")
    assert outcome.code == 0, outcome.err
    suggested = [line.strip() for line in outcome.out.splitlines() if line.startswith("  select ")]
    assert [len(query(file, statement)) for statement in suggested] == [2, 10]


@pytest.mark.slow
def test_the_suggested_command_writes_the_page(segjob: Segjob, file: Path) -> None:
    Path("other.toml").write_text("[publish]\nkeep_runs = 3\n")
    for name in ("first", 'it\'s "2nd"'):
        described = ("--name", name, "--k", "2", "--config", "other.toml", "--warehouse", file, "--quiet")
        outcome = segjob(*RUN, *described)
    [suggested] = [line.strip() for line in outcome.out.splitlines() if line.startswith("  segjob ")]
    program, *arguments = shlex.split(suggested)
    assert program == "segjob"
    written = segjob(*arguments, "--json")
    assert written.code == 0, written.err
    assert written.document["segmentation"] == 'it\'s "2nd"'
    page = Path(written.document["page"]).read_text(encoding="utf-8")
    [asked] = re.findall(r"<pre>(select .*?)</pre>", page, flags=re.DOTALL)
    by_segment, _ = (query(file, statement) for statement in html.unescape(asked).rstrip(";").split(";"))
    assert [segment for segment, _, _ in by_segment] == [1, 2]
