"""The count of groups on several samples."""

from __future__ import annotations

import numpy as np

from segjob.core.density.samples import DensityRequest, count_by_density
from segjob.core.model import FitRows, Floats


def long_groups(seed: int) -> Floats:
    """400 rows in 8 long, heavy-tailed groups, one column skewed and one without groups."""
    r = np.random.default_rng(seed)
    centers: list[Floats] = []
    while len(centers) < 8:
        center = r.uniform(0, 18, 3)
        if all(np.linalg.norm(center - other) >= 6 for other in centers):
            centers.append(center)
    groups = []
    for center in centers:
        axes, _ = np.linalg.qr(r.normal(size=(3, 3)))
        spread = axes @ np.diag(r.uniform(0.6, 1.8, 3)) @ axes.T
        groups.append(center + r.standard_t(5, size=(50, 3)) / np.sqrt(5 / 3) @ spread)
    rows = np.column_stack([np.vstack(groups), r.normal(size=400)])
    rows[:, 0] = np.exp(2 * rows[:, 0] / np.abs(rows[:, 0]).max())
    standardised: Floats = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return standardised


def test_no_sample_loses_a_group_because_its_search_ends_early() -> None:
    """Without a start at the first sample's mixtures one of the four shows 7 groups."""
    rows = long_groups(23)
    count = count_by_density(DensityRequest.of(FitRows(rows, np.ones(400)), rows, ()))
    assert count is not None
    assert count.by_sample == (8, 8, 8, 8)
    assert count.counts[0].support == 1
