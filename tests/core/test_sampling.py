"""Whole counts and other weights as a sample without weights."""

from __future__ import annotations

import numpy as np

from segjob.core import sampling
from segjob.core.model import FitRows


def test_whole_counts_are_written_out_and_other_weights_are_drawn() -> None:
    values = np.arange(6.0)[:, None]
    counts = np.array([1.0, 2, 3, 4, 5, 6])
    rows = sampling.unweighted_sample(FitRows(values, counts, "distinct_rows"), seed=0)
    assert np.array_equal(np.unique(rows, return_counts=True)[1], counts)
    many = sampling.unweighted_sample(FitRows(values, counts * 1000, "distinct_rows"), seed=0, size=210)
    assert np.abs(np.unique(many, return_counts=True)[1] - counts * 10).max() <= 1
    revenue = sampling.unweighted_sample(
        FitRows(np.repeat(values, 50, axis=0), np.repeat(counts, 50) / 7), seed=0
    )
    assert len(revenue) == 300
    assert np.abs(np.unique(revenue, return_counts=True)[1] - counts * 300 / 21).max() <= 1
    same = np.random.default_rng(0).normal(size=(30, 2))
    assert sampling.unweighted_sample(FitRows(same, np.ones(30)), seed=0) is same
