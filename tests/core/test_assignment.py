from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from segjob.core.assignment import best_assignment


@pytest.mark.parametrize("seed", range(60))
def test_the_sum_is_scipys(seed: int) -> None:
    r = np.random.default_rng(seed)
    shape = r.integers(1, 30, 2)
    # Every third has many ties, every third one huge forbidding cost, as `names` has.
    scores = r.normal(size=shape) if seed % 3 else r.integers(0, 3, shape).astype(float)
    if seed % 3 == 1:
        scores[r.random(shape) < 0.3] = -1e6
    pairs = best_assignment(scores)
    rows, columns = map(list, zip(*pairs, strict=True))
    assert rows == sorted(set(rows))
    assert len(set(columns)) == len(columns) == min(shape)
    expected = scores[linear_sum_assignment(scores, maximize=True)].sum()
    assert scores[rows, columns].sum() == pytest.approx(expected, rel=1e-12, abs=1e-9)
