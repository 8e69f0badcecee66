"""A model per market on every engine, through the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from helpers.engines import Engine, uncommented
from helpers.small_warehouse import Outcome

At = Callable[..., Outcome]
CONFIG = """[segmentations.market]
relation = "customers"
key = "id"
features = [{ column = "income", missing = "impute" }, "score"]
k = 2
k_range = [1, 2]
partition_by = "since"
min_partition_rows = 20
"""


def market_customers() -> list[tuple[object, ...]]:
    rng = np.random.default_rng(4)
    rows: list[tuple[object, ...]] = []
    for place, day in enumerate((date(2024, 1, 1), date(2024, 2, 29))):
        for i in range(40):
            x, y = np.array([(0, 0), (9, 9)])[i % 2] + rng.normal(0, 0.5, 2)
            rows.append((len(rows) + 1, None if i == 7 else float(x) * 10**place, float(y), day))
    return [*rows, (100, 1.0, 1.0, date(2025, 1, 1)), (101, 1.0, 1.0, None)]


def test_a_model_per_market_lives(engine: Engine, at: At, folder: Path) -> None:
    engine.fill("customers", "id integer, income NUMBER, score NUMBER, since date", market_customers())
    (folder / "segjob.toml").write_text(CONFIG)
    outcome = at(engine, "run")
    assert outcome.code == 0, outcome.err
    assert "no segments for since '2025-01-01' (1 of at least 20 rows)" in outcome.err
    assert uncommented(engine) == []
    counts = "select k, rows_read, rows_segmented, rows_excluded from segments.current_runs"
    assert engine.query(counts) == [(4, 82, 80, 2)]
    sizes = "select segment_id, rows, partition from segments.current_segments order by segment_id"
    assert [(i, day) for i, _, day in engine.query(sizes)] == [
        *((i, "2024-01-01") for i in (1, 2)),
        *((i, "2024-02-29") for i in (3, 4)),
    ]
    agree = (
        "select count(*) from segments.market v join segments.market_scores s on v.id = s.id "
        "where v.segment_id = s.segment_id and abs(v.distance - s.distance) < 1e-9"
    )
    assert engine.query(agree) == [(80,)]
    assert engine.query("select count(*) from segments.market_reasons") == [(160,)]
    assert at(engine, "run", "-q").code == 0
    assert engine.query("select count(*) from segments.market_movements where run_id = 2") == [(0,)]
    engine.execute("insert into customers values (200, 0.0, 0.0, date '2024-01-01')")
    assert at(engine, "assign", "-q").code == 0
    assert engine.query("select id, change from segments.market_movements where run_id = 3") == [
        (200, "entered")
    ]
    predicted = at(engine, "predict", "since=2024-01-01", "income=9", "score=9", "--json").document
    assert predicted["segment_name"].startswith("2024-01-01: ")
    if engine.name != "spark":  # the same statements, at a third of a second each
        assert at(engine, "score", "customers", "--into", "scored").code == 0
        assert engine.query("select count(segment_id), count(*) from scored") == [(81, 83)]
        assert at(engine, "health").code in (0, 5)
        assert at(engine, "show").code == 0
        page = ("report", "--partition", "2024-02-29", "--out", str(folder / "page.html"))
        assert at(engine, *page).code == 0
    assert at(engine, "rollback").code == 0
    assert engine.query("select count(*), max(run_id) from segments.market") == [(80, 2)]
