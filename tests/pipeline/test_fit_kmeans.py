"""K-means on more rows than are held: by statements, or in memory first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import Segjob, customers, fill, query

from segjob.pipeline import fit_kmeans

CONFIG = """
[fit]
all_rows = 100
distinct_rows = 100
sample_rows = 1000
[segmentations.groups]
relation = "customers"
key = "id"
features = ["income", "score"]
k = 9
k_range = [9, 9]
"""


@pytest.mark.slow
def test_many_segments_are_fitted_in_memory_first_with_the_same_result(
    folder: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = fill(folder / "shop.duckdb", customers(4000))
    (folder / "segjob.toml").write_text(CONFIG)

    def fitted() -> tuple[int, list[tuple[int, int]], np.ndarray]:
        outcome = segjob("run", "--json", "--warehouse", file)
        assert outcome.code == 0, outcome.err
        run = outcome.document["runs"][0]["run"]["run_id"]
        centroids = query(
            file,
            f"select scaled_value from segments.centroids where run_id = {run} order by segment_id, feature",
        )
        assigned = query(
            file, f"select id, segment_id from segments.groups_history where run_id = {run} order by id"
        )
        return passes.count(True), assigned, np.array(centroids)

    passes: list[bool] = []

    def count(name: str) -> None:
        method = getattr(fit_kmeans._RowsInWarehouse, name)

        def counted(self: object, *arguments: object, **options: object) -> object:
            passes.append(True)
            return method(self, *arguments, **options)

        monkeypatch.setattr(fit_kmeans._RowsInWarehouse, name, counted)

    count("one_pass")
    count("border")
    by_statements, assigned, centroids = fitted()
    passes.clear()
    monkeypatch.setattr(fit_kmeans, "_MANY", 8)
    after_memory, again, same = fitted()
    assert by_statements >= 2
    assert after_memory == 1
    assert again == assigned
    np.testing.assert_allclose(same, centroids, atol=1e-8)
