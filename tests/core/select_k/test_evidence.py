"""Evidence gathered beside the sweep, and for more ks than it has fits for, is the same evidence."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.sweeps import blobs, plain_transforms

from segjob.core.model import FitRows, Floats
from segjob.core.select_k.evidence import EvidenceRequest, gather
from segjob.core.select_k.gap import gap_by_k
from segjob.core.select_k.sweep import sweep


def points(rows: Floats) -> FitRows:
    return FitRows(rows, np.ones(len(rows)), "all_rows", float(len(rows)))


def test_the_reference_data_is_that_of_the_gap_statistic() -> None:
    rows, ks = np.round(blobs(3, 3, 200) * 10), range(2, 8)
    swept = sweep(points(rows), ks, seed=3)
    evidence = gather(EvidenceRequest.of(points(rows), plain_transforms(rows), ks, 3))()
    gaps, beside = gap_by_k(swept), gap_by_k(swept, evidence.groups.reference_inertia)
    assert beside.keys() == gaps.keys()
    assert all(beside[k] == pytest.approx(gaps[k], rel=1e-12, abs=1e-12) for k in gaps)


def test_density_and_halves_do_not_depend_on_the_seed() -> None:
    rows = blobs(5, 4, 500)
    one, other = (
        gather(EvidenceRequest.of(points(rows), plain_transforms(rows), range(1, 6), seed))()
        for seed in (1, 2)
    )
    assert one.groups.density is not None
    assert other.groups.density is not None
    assert one.groups.density.by_sample == other.groups.density.by_sample
    assert all(np.array_equal(one.half_fits.centroids[k], other.half_fits.centroids[k]) for k in (2, 3, 4))


def test_a_few_rows_less_change_a_few_rows_of_the_request() -> None:
    rows = np.random.default_rng(1).normal(size=(9000, 3))
    before, after = (
        {
            tuple(row)
            for row in EvidenceRequest.of(points(part), plain_transforms(rows), (2,), 0).density.values
        }
        for part in (rows, rows[90:])
    )
    assert len(before ^ after) < 0.04 * len(before)
