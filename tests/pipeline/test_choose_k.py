"""What a run publishes where the rows have no structure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, fill, query


@pytest.mark.slow
def test_no_structure_publishes_nothing_unless_one_segment_is_allowed(
    folder: Path, segjob: Segjob, refused: object
) -> None:
    rng = np.random.default_rng(5)
    rows = [(i, float(x), float(y)) for i, (x, y) in enumerate(rng.normal(size=(600, 2)))]
    file = fill(folder / "noise.duckdb", rows)
    assert callable(refused)
    assert "no structure" in refused(file, 5, *RUN_GROUPS)
    assert segjob(*RUN_GROUPS, "--allow-one", "--warehouse", file).code == 0
    assert query(file, "select k, k_outcome, (select count(*) from segments.groups) from segments.runs") == [
        (1, "chosen", 600)
    ]
