"""The statements that `segjob run` suggests are statements that run."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_warehouse import Segjob, query


@pytest.mark.parametrize("name", ["shoppers", "order", "my shop 2025", "Big", "100%", 'a"b', "sélect"])
def test_suggested_statements_run_whatever_the_name(segjob: Segjob, file: Path, name: str) -> None:
    described = ("--from", "customers", "--key", "id", "--features", "income,score", "--name", name)
    outcome = segjob("run", *described, "--k", "2", "--warehouse", file, "--quiet")
    assert outcome.code == 0, outcome.err
    suggested = [line.strip() for line in outcome.out.splitlines() if line.startswith("  select ")]
    assert [len(query(file, statement)) for statement in suggested] == [2, 10]
