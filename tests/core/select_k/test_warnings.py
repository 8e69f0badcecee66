"""Each warning appears where it should, one of a kind, and a plain case has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from helpers.sweeps import decided

from segjob.core.model import FitRows, Floats, Transform
from segjob.core.select_k.division import ShareLimits
from segjob.core.select_k.sweep import Sweep, sweep
from segjob.core.select_k.votes import KDecision, KRequest, Start
from segjob.core.select_k.warnings import warnings

R = np.random.default_rng


def square(n: int = 400, seed: int = 0) -> Floats:
    """Four round groups in a square, so that both features are needed."""
    at = np.array([[0, 0], [8, 0], [0, 8], [8, 8]])[np.arange(n) % 4]
    return at + R(seed).normal(size=(n, 2))


def swept(rows: Floats, ks: range = range(1, 7)) -> tuple[Sweep, tuple[Transform, ...]]:
    center, scale = rows.mean(axis=0), rows.std(axis=0)
    transforms = tuple(
        Transform(name, name, center=float(c), scale=float(s))
        for name, c, s in zip(["income", "score", "visits"], center, scale, strict=False)
    )
    return sweep(FitRows((rows - center) / scale, np.ones(len(rows))), ks, seed=0), transforms


def decision(s: Sweep, k: int | None, **changes: Any) -> KDecision:
    start = None if k is None else Start("kmeans", next(f for f in s.fits if f.k == k).centroids, None, None)
    plain = KDecision(k, "chosen", "natural", "consensus", "", (), (), start, None)
    return replace(plain, **changes)


def one(messages: tuple[str, ...], words: str) -> str:
    hits = [message for message in messages if words in message]
    assert len(hits) == 1, messages
    return hits[0]


def test_a_plain_case_has_no_warning() -> None:
    s, transforms = swept(square())
    assert warnings(s, decided(s.points.values, range(1, 7)), transforms) == ()


def test_only_a_division_at_the_end_of_the_range_is_said() -> None:
    s, transforms = swept(square(), range(1, 5))
    divided = decision(s, 4, outcome="divided", structure="reproducible")
    assert "widen k_range" in one(warnings(s, divided, transforms), "k = 4 is the end of the range")
    assert warnings(s, decision(s, 4), transforms) == ()


def test_a_limit_that_cannot_be_had_is_said() -> None:
    s, transforms = swept(square())
    limited = decided(s.points.values, range(1, 7), KRequest(limits=ShareLimits(max_share=0.1)))
    assert "max_share = 0.1" in one(warnings(s, limited, transforms), "the largest segment holds 25.0%")


def test_a_tiny_segment_is_said() -> None:
    rows = np.vstack([square(), [[40.0, 40.0], [40.5, 40.0]]])
    s, transforms = swept(rows)
    fixed = decision(s, 5, outcome="fixed", structure="constructive")
    assert "exclude them" in one(warnings(s, fixed, transforms), "the smallest segment holds 0.50%")
    assert warnings(s, decision(s, 5), transforms) == (), "density shows it on every sample"


def test_features_in_which_natural_segments_do_not_differ_are_one_warning() -> None:
    rows = np.column_stack([np.arange(400) % 3 * 10 + R(1).normal(size=400), R(2).normal(size=(400, 2))])
    s, transforms = swept(rows)
    s = sweep(FitRows(s.points.values * [1.0, 0.1, 0.1], np.ones(400)), range(1, 6), seed=0)
    messages = warnings(s, decision(s, 3), transforms)
    one(messages, "the segments do not differ in score and visits")
    assert len(messages) == 1
    divided = decision(s, 3, outcome="divided", structure="reproducible")
    assert warnings(s, divided, transforms) == ()


def test_strong_skew_comes_with_a_remedy_and_never_with_bounds() -> None:
    rows = np.column_stack(
        [np.exp(R(2).normal(size=500) * 1.2), R(3).normal(size=500), -np.exp(R(4).normal(size=500) * 1.2)]
    )
    s, transforms = swept(rows)
    none = decision(s, None, outcome="none", structure="constructive")
    messages = warnings(s, none, transforms)
    assert 'function = "log1p"' in one(messages, "income is strongly skewed")
    assert "ranks" in one(messages, "visits is strongly skewed")
    assert not any(word in message for message in messages for word in ("bound", "clip"))
    (visits,) = warnings(s, none, (replace(transforms[0], function="log1p"), *transforms[1:]))
    assert visits.startswith("visits")
