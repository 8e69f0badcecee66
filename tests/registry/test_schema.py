"""The upgrade of an older warehouse."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from helpers.small_warehouse import Segjob, first_layout, query

from segjob.statements.published.tables import LAYOUT_VERSION


@pytest.mark.parametrize(
    "verb",
    [
        ("history",),
        ("show",),
        ("diff", "1", "1"),
        ("predict", "annual_income=50", "spending_score=50"),
        ("report", "--out", "page.html"),
        ("report", "--all", "--out", "page.html"),
        ("snapshot", "served"),
        ("assign",),
        ("name", "1", "Regulars"),
    ],
    ids=" ".join,
)
def test_a_verb_takes_a_warehouse_of_the_first_layout_as_it_is(
    folder: Path, segjob: Segjob, verb: tuple[str, ...]
) -> None:
    outcome = segjob(*verb, "--warehouse", first_layout(folder / "old.duckdb"))
    assert outcome.code == 0, outcome.err


def test_a_question_that_an_older_layout_cannot_answer_says_what_to_do(folder: Path, segjob: Segjob) -> None:
    file = first_layout(folder / "old.duckdb")
    question = ("query", "why_this_k", "--warehouse", file)
    outcome = segjob(*question)
    assert outcome.code == 4
    assert "has layout 1" in outcome.err
    assert "`segjob init` brings it up to date" in outcome.err
    assert segjob("init", "--warehouse", file).code == 0
    assert segjob(*question).code == 0


def test_a_warehouse_of_the_first_layout_is_upgraded_with_nothing_lost(folder: Path, segjob: Segjob) -> None:
    file = first_layout(folder / "old.duckdb")
    with duckdb.connect(str(file)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'segments'"
            ).fetchall()
        ]
        before = {
            name: connection.execute(f"select * from segments.{name} order by all").fetchall()
            for name in tables
        }
        columns = {
            name: [c[0] for c in connection.execute(f"select * from segments.{name}").description]
            for name in tables
        }
    assert segjob("init", "--warehouse", file).code == 0
    for name in set(tables) - {"layout"}:
        kept = ", ".join(f'"{column}"' for column in columns[name])
        assert query(file, f"select {kept} from segments.{name} order by all") == before[name], name
    assert query(file, "select version from segments.layout") == [(LAYOUT_VERSION,)]
    assert segjob("show", "--warehouse", file).code == 0
    run = (
        "run",
        "--from",
        "customer_features",
        "--key",
        "customer_id",
        "--features",
        "annual_income,spending_score",
    )
    assert segjob(*run, "--name", "income_spending", "-q", "--warehouse", file).code == 0
    assert query(file, "select distinct change from segments.lineage") == [("same",)]
    assert query(file, "select count(*) from segments.income_spending_movements") == [(0,)]
    outcome = segjob("rollback", "2", "--warehouse", file)
    assert outcome.code == 0, outcome.err
