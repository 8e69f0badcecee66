"""Evidence gathered apart from the sweep, and for more ks than it has fits for, is the same evidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.core.model import FitRows
from segjob.core.select_k.choose import choose
from segjob.core.select_k.evidence import EvidenceRequest, gather
from segjob.core.select_k.gap import gap_by_k
from segjob.core.select_k.stability import stability_by_k
from segjob.core.select_k.sweep import sweep


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.integers(20, 400), st.sampled_from([3, 50, 10_000]))
def test_it_is_the_same_evidence(seed: int, n: int, levels: int) -> None:
    rows = np.random.default_rng(seed).integers(0, levels, size=(n, 2)).astype(float)
    points = FitRows(rows, np.ones(n))
    ks = range(2, 8)
    swept = sweep(points, ks, seed=seed)
    apart = gather(EvidenceRequest.of(points, ks, seed, density=True))
    gaps, agreement = gap_by_k(swept), stability_by_k(swept)
    found = gap_by_k(swept, apart.reference_inertia)
    assert found.keys() == gaps.keys()
    assert all(found[k] == pytest.approx(gaps[k], rel=1e-12, abs=1e-12) for k in gaps)
    assert {k: apart.agreement[k] for k in agreement} == agreement
    alone = choose(swept, "consensus")
    helped = choose(swept, "consensus", gaps=found, agreement=agreement, density=apart.density)
    assert (alone.k, alone.outcome, alone.candidates) == (helped.k, helped.outcome, helped.candidates)
