"""Agreement of resamples, and the adjusted Rand index against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.sweeps import blobs, swept
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from segjob.core.select_k import stability as agreement
from segjob.core.select_k.stability import adjusted_rand, stability_by_k


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=60))
def test_adjusted_rand_is_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, dtype=np.intp).T
    assert adjusted_rand(a, b) == pytest.approx(metrics.adjusted_rand_score(a, b), abs=1e-12)


def test_resamples_agree_on_real_groups_and_not_on_too_many() -> None:
    found = stability_by_k(swept(blobs(7, 4, 400)))
    assert set(found) == set(range(2, 9))
    assert found[4] > 0.99
    assert found[8] < 0.9
    assert agreement.stability(found).k == 4
    assert agreement.stability({}).k is None
    assert "comes nearest" in agreement.stability({2: 0.4, 3: 0.6}).reason
