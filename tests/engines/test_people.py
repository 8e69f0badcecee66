"""Only some customers, hold-outs, and customers who are forgotten: through the command line on every engine."""

from __future__ import annotations

from collections.abc import Callable

from helpers.engines import Engine
from helpers.small_warehouse import RUN_GROUPS, Outcome, customers

At = Callable[..., Outcome]


def test_some_customers(engine: Engine, at: At) -> None:
    rows = [(i, x, y, "DE:100" if i % 3 else "O'Hara") for i, x, y in customers(150)]
    engine.fill("customers", "id integer, income NUMBER, score NUMBER, country TEXT", rows)
    refused = at(engine, *RUN_GROUPS, "--where", "contry = 'DE'")
    assert refused.code == 2
    assert "is not a condition on the rows of customers: " in refused.err
    assert "contry" in refused.err.partition("rows of customers: ")[2]
    outcome = at(engine, *RUN_GROUPS, "--k", "5", "--where", "country like 'DE:1%' and id between 1 and 999")
    assert outcome.code == 0, outcome.err
    counts = "select rows_read, rows_segmented, rows_outside from segments.runs"
    assert engine.query(counts) == [(100, 100, 50)]
    for view in ("groups", "groups_scores"):
        assert engine.query(f"select count(*), count(distinct id) from segments.{view}") == [(100, 100)]
    assert at(engine, "health").code == 0
