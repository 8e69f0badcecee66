"""The past of a history table, on every engine: one fit, one assignment, in order and once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from helpers.engines import Engine
from helpers.small_warehouse import Outcome, customers

DAYS = (date(2025, 1, 31), date(2025, 2, 28))
TOML = """
[segmentations.groups]
relation = "history"
key = "id"
features = ["income", "score"]
k = 5
k_range = [5, 5]
as_of_column = "day"
"""


def test_a_history_is_filled_in_order_and_once(
    engine: Engine, at: Callable[..., Outcome], folder: Path
) -> None:
    rows = [
        (day, key, x + 70 * (day == DAYS[1] and key == 1), y + 70 * (day == DAYS[1] and key == 1))
        for day in DAYS
        for key, x, y in customers(300)
    ]
    engine.fill("history", "day date, id integer, income NUMBER, score NUMBER", rows)
    (folder / "segjob.toml").write_text(TOML)
    command = ("backfill", "groups", "--from", "2025-01-31", "--to", "2025-02-28", "--json")
    outcome = at(engine, *command)
    assert outcome.code == 0, outcome.err
    runs = [(run["run_id"], run["as_of"][:10], run["kind"]) for run in outcome.document["published"]]
    assert runs == [(1, "2025-02-28", "fit"), (2, "2025-01-31", "assignment")]
    moved = "select run_id, id, change, moved_by from segments.groups_movements"
    assert engine.query(moved) == [(1, 1, "moved", "itself")]
    assert engine.query("select count(*), min(run_id), max(run_id) from segments.groups") == [(300, 1, 1)]
    assert engine.query("select distinct run_id, kind from segments.trend order by run_id") == [
        (1, "fit"),
        (2, "assignment"),
    ]
    assert engine.query("select distinct run_id, from_run_id from segments.migration") == [(1, 2)]
    assert engine.query("select count(*), count(segment_id) from segments.groups_scores") == [(300, 300)]
    again = at(engine, *command)
    assert (again.code, again.document["published"]) == (0, [])
