"""The count of groups on several samples."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from segjob.core.cluster import kmeans, mixture_models
from segjob.core.cluster.mixed_rows import MixedRows
from segjob.core.density import count


def test_a_search_that_fails_takes_no_group_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mixtures of the first sample are where the others start too."""
    centers = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    rows = centers[np.arange(300) % 3] + np.random.default_rng(4).normal(size=(300, 2))
    first = count.count_groups(MixedRows.of(rows[:150]), 0)
    assert first[0].groups.k == 3
    monkeypatch.setattr(mixture_models, "descend", lambda *_, **__: {})
    nothing = SimpleNamespace(labels=np.zeros(150, dtype=int))
    monkeypatch.setattr(kmeans, "fits", lambda _values, _weights, ks, **_: dict.fromkeys(ks, nothing))
    again = count.recount_groups(MixedRows.of(rows[150:]), [s.mixture for s in first], 1)
    assert again[0].groups.k == 3
