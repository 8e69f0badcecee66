"""The gap statistic and the null test against plain numpy, and on data whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.sweeps import blobs, swept
from sklearn.cluster import KMeans

from segjob.core.model import Floats
from segjob.core.select_k.gap import gap, gap_by_k, null_test


def test_the_gap_compares_with_the_inertia_of_even_rows() -> None:
    """The same statistic with scikit-learn's k-means and other random boxes agrees within their errors."""
    values = blobs(3, 4, 240)
    ours = gap_by_k(swept(values))
    r = np.random.default_rng(1)
    _, _, axes = np.linalg.svd(values, full_matrices=False)
    turned = values @ axes.T
    boxes = [r.uniform(turned.min(axis=0), turned.max(axis=0), values.shape) for _ in range(10)]

    def log_inertia(rows: Floats, k: int) -> float:
        return float(np.log(KMeans(k, n_init=5, random_state=0).fit(rows).inertia_))

    for k in (1, 2, 4, 6):
        value, error = ours[k]
        theirs = np.mean([log_inertia(box, k) for box in boxes]) - log_inertia(values, k)
        assert value == pytest.approx(theirs, abs=max(4 * error, 0.03))


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_gap_counts_round_groups(k: int) -> None:
    values = blobs(5, k, 300) if k > 1 else np.random.default_rng(0).uniform(size=(300, 2))
    vote = gap(gap_by_k(swept(values, range(2, 9))))
    assert vote.k == k, vote.reason


def test_the_null_test_tells_noise_from_groups() -> None:
    r = np.random.default_rng(4)
    noise = r.normal(size=(300, 3)) @ r.normal(size=(3, 3))
    assert null_test(swept(noise)).k == 1
    found = null_test(swept(blobs(4, 3, 300)))
    assert found.k is None
    assert "not one normal cloud" in found.reason
    assert null_test(swept(noise, range(1, 2))).k is None
