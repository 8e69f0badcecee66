"""Only some customers, hold-outs, and customers who are forgotten: through the command line on every engine."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from helpers.engines import Engine
from helpers.small_warehouse import RUN_GROUPS, Outcome, customers

At = Callable[..., Outcome]


TOML = """
[segmentations.groups]
relation = "customers"
where = "country like 'DE:1%' and id between 1 and 999"
key = "id"
features = ["income", "score"]
k = 5
holdout_share = 0.25
"""


OWN = ("segjob_rows", "segjob_forgotten_keys", "segjob_written")
"""Tables of the user's, with names that segjob's temporary tables have, or had."""


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_held_out(key: int) -> bool:
    return sha256(f"hold-out of groups: {key}")[:8] < "40000000"


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def check_lift(engine: Engine, at: At, audience: Mapping[int, tuple[int, bool]]) -> None:
    """Against numpy: orders on or after the day, of customers of the segmentation; the others count with 0."""
    orders = [(i % 170 + 1, float(i % 23), f"2025-0{6 + i % 3}-01") for i in range(400)]
    engine.fill("orders", "id integer, spent NUMBER, day TEXT", orders)
    engine.execute("create view days as select id, spent, cast(day as date) as at from orders")
    said = at(
        engine, "lift", "--metric", "spent", "--from", "days", "--at", "at", "--since", "2025-07-01", "--json"
    )
    assert said.code == 0, said.err
    totals = dict.fromkeys(audience, 0.0)
    for who, spent, day in orders:
        if day >= "2025-07-01" and who in totals:
            totals[who] += spent
    for one in said.document["segments"]:
        for arm, is_held in (("treated", False), ("held_out", True)):
            own = [totals[key] for key, place in audience.items() if place == (one["segment_id"], is_held)]
            assert one[arm]["customers"] == len(own)
            assert one[arm]["mean"] == pytest.approx(np.mean(own))
            assert one[arm]["variance"] == pytest.approx(np.var(own, ddof=1))
    overall = said.document["overall"]
    arms = [[totals[key] for key, (_, held) in audience.items() if held is kind] for kind in (False, True)]
    assert overall["lift"]["difference"] == pytest.approx(np.mean(arms[0]) - np.mean(arms[1]))
    assert overall["held_out"]["variance"] == pytest.approx(np.var(arms[1], ddof=1))


def test_some_customers(engine: Engine, at: At, folder: Path) -> None:
    for table in OWN:
        engine.fill(table, "mine integer", [(1,)])
    rows = [(i, x, y, "DE:100" if i % 3 else "O'Hara", f"\t Person{i}@X.de ") for i, x, y in customers(150)]
    engine.fill("customers", "id integer, income NUMBER, score NUMBER, country TEXT, email TEXT", rows)
    refused = at(engine, *RUN_GROUPS, "--where", "contry = 'DE'")
    assert refused.code == 2
    assert "is not a condition on the rows of customers: " in refused.err
    assert "contry" in refused.err.partition("rows of customers: ")[2]
    (folder / "segjob.toml").write_text(TOML)
    outcome = at(engine, "run", "groups", "-q")
    assert outcome.code == 0, outcome.err
    counts = "select rows_read, rows_segmented, rows_outside from segments.runs"
    assert engine.query(counts) == [(100, 100, 50)]
    for view in ("groups", "groups_scores"):
        assert engine.query(f"select count(*), count(distinct id) from segments.{view}") == [(100, 100)]
    assert at(engine, "health").code == 0
    audience = engine.query("select audience_id, key, is_holdout, since from segments.groups_audience")
    assert sorted(audience) == sorted(
        (segment, key, is_held_out(key), published)
        for segment, key, published in engine.query(
            """select g.segment_id, g.id, r.published_at from segments.groups as g
            inner join segments.runs as r on g.run_id = r.run_id"""
        )
    )
    exported = at(engine, "export", "out", "--hash-email", "email", "--json").document
    assert exported["held_out"] == sum(held for _, _, held, _ in audience) > 0
    rows = [row for one in exported["files"] for row in rows_of(folder / one["file"])]
    assert sorted((int(row["audience_id"]), int(row["key"]), row["since"]) for row in rows) == sorted(
        (segment, key, str(since)) for segment, key, held, since in audience if not held
    )
    assert {row["email_sha256"] == sha256(f"person{row['key']}@x.de") for row in rows} == {True}
    check_lift(engine, at, {key: (segment, held) for segment, key, held, _ in audience})
    forgotten = at(engine, "forget", "1", "005", "4444", "--json")
    assert forgotten.code == 0, forgotten.err
    said = forgotten.document
    assert (said["keys"], said["known"], said["rows"], said["still_in"]) == (3, 2, 2, {"customers": 2})
    assert engine.query("select keys, length(salted_hash) from segments.erasures") == [(3, 64)]
    without = "select count(*), sum(case when id in (1, 5) then 1 else 0 end) from segments."
    for table in ("groups", "groups_history", "groups_scores"):
        assert engine.query(without + table) == [(98, 0)]
    laws = """select rows_read, rows_segmented, rows_excluded,
        (select sum(s.rows) from segments.segments as s where s.run_id = 1),
        (select sum(e.rows) from segments.exclusions as e where e.run_id = 1 and e.reason = 'forgotten'),
        (select count(*) from segments.groups as g) from segments.runs where run_id = 1"""
    assert engine.query(laws) == [(100, 98, 2, 98, 2, 98)]
    if engine.name == "spark":  # a run takes ten seconds there; this reads as a run does
        assert at(engine, "check").code == 0
    else:
        assert at(engine, "run", "-q").code == 0
        assert engine.query("select reason, column_name, rows from segments.exclusions where run_id = 2") == [
            ("forgotten", "id", 2)
        ]
        assert engine.query(without + "groups") == [(98, 0)]
    assert at(engine, "forget", "5", "--remember").out.startswith("1 are taken again")
    for table in OWN:
        assert engine.query(f"select mine from {table}") == [(1,)]
    assert engine.query(without + "groups_scores") == [(99, 1)]
