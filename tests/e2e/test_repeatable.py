"""The same seed on the same rows gives the same k, segments and centroids, whatever their order and the threads."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, customers, execute, fill, query

CONFIG = """
[warehouse]
threads = {threads}
[fit]
all_rows = {all_rows}
distinct_rows = 100
sample_rows = {sample_rows}
[segmentations.s]
relation = "customers"
key = "id"
features = [
    {{ column = "income", missing = "impute" }},
    {{ column = "score", function = "log1p", lower = 0, outside = "clip" }},
    {{ column = "tier", kind = "categorical", weight = 0.3 }},
]
k_range = [2, 7]
"""


def shuffled(folder: Path, name: str, seed: int, rows: int) -> Path:
    """The same customers, inserted in another order."""
    order = customers(rows)
    random.Random(seed).shuffle(order)
    file = fill(folder / f"{name}.duckdb", order)
    execute(
        file,
        "alter table customers add column tier text",
        "update customers set tier = 'gold' where id % 3 = 0",
        "update customers set tier = 'new' where id % 7 = 0",
        "update customers set income = null where id % 11 = 0",
    )
    return file


def segmented(
    file: Path, folder: Path, segjob: Segjob, threads: int, **fit: int
) -> dict[str, list[tuple[object, ...]]]:
    """What a run publishes, apart from times."""
    config = folder / f"threads_{threads}.toml"
    config.write_text(CONFIG.format(threads=threads, **fit))
    outcome = segjob("run", "-q", "--config", config, "--warehouse", file)
    assert outcome.code == 0, outcome.err
    return {
        "run": query(
            file, "select k, k_rule, k_outcome, k_reason, fit_method, fit_rows, seed from segments.runs"
        ),
        "votes": query(file, "select rule, k, reason from segments.k_votes order by all"),
        "names": query(file, "select segment_id, name, rows from segments.segments order by all"),
        "assigned": query(
            file, "select id, segment_id, next_segment_id, is_outlier from segments.s_history order by all"
        ),
        "centroids": query(
            file, "select segment_id, feature, scaled_value from segments.centroids order by all"
        ),
        "transforms": query(
            file, "select feature, impute_value, center, scale from segments.transforms order by all"
        ),
        "sweep": query(
            file, "select k, inertia, silhouette, davies_bouldin from segments.sweeps order by all"
        ),
        "distances": query(file, "select id, distance from segments.s_history order by all"),
    }


@pytest.mark.parametrize(
    ("rows", "fit"),
    [(400, {"all_rows": 20_000, "sample_rows": 50_000}), (4000, {"all_rows": 100, "sample_rows": 1000})],
    ids=["all rows", "a sample"],
)
@pytest.mark.long
def test_order_and_threads_change_nothing(
    folder: Path, segjob: Segjob, rows: int, fit: dict[str, int]
) -> None:
    one = segmented(shuffled(folder, "one", 1, rows), folder, segjob, 1, **fit)
    two = segmented(shuffled(folder, "two", 2, rows), folder, segjob, 2, **fit)
    assert one["run"][0][4] == ("all_rows" if rows == 400 else "sample")
    for exact in ("run", "votes", "names", "assigned", "transforms"):
        assert one[exact] == two[exact], exact
    for close in ("centroids", "sweep", "distances"):
        for mine, yours in zip(one[close], two[close], strict=True):
            for a, b in zip(mine, yours, strict=True):
                assert a == (pytest.approx(b, abs=1e-9, rel=1e-9) if isinstance(b, float) else b), close


def test_a_second_run_is_the_first_again(folder: Path, segjob: Segjob) -> None:
    file = shuffled(folder, "shop", 3, 150)
    fit = {"all_rows": 20_000, "sample_rows": 50_000}
    segmented(file, folder, segjob, 2, **fit)
    segmented(file, folder, segjob, 2, **fit)
    both = "segments.{0} a join segments.{0} b using ({1}) where a.run_id = 1 and b.run_id = 2"
    moved = query(
        file, f"select count(*) from {both.format('s_history', 'id')} and a.segment_id <> b.segment_id"
    )
    assert moved == [(0,)]
    apart = "max(abs(a.scaled_value - b.scaled_value))"
    ((most,),) = query(file, f"select {apart} from {both.format('centroids', 'segment_id, feature')}")
    assert most <= 1e-9
