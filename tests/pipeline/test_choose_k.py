"""What a run publishes if nothing is reproducible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, fill, query


@pytest.mark.slow
def test_nothing_reproducible_publishes_nothing_unless_one_segment_is_allowed(
    folder: Path, segjob: Segjob
) -> None:
    rng = np.random.default_rng(5)
    rows = [(i, float(x), float(y)) for i, (x, y) in enumerate(rng.normal(size=(600, 2)))]
    file = fill(folder / "noise.duckdb", rows)
    refusal = segjob(*RUN_GROUPS, "--warehouse", file)
    assert refusal.code == 5
    assert "no k gives the same segments again" in refusal.err
    assert segjob(*RUN_GROUPS, "--allow-one", "--warehouse", file).code == 0
    assert query(
        file,
        "select k, k_outcome, structure, (select count(*) from segments.groups) from segments.current_runs",
    ) == [(1, "none", "constructive", 600)]
