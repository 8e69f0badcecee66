"""The choice of a division, from hand-made candidates."""

from __future__ import annotations

import numpy as np
import pytest

from segjob.core.model import FitRows
from segjob.core.select_k.division import Division, ShareLimits, divide, divisions
from segjob.core.select_k.segment_stability import SegmentStability
from segjob.core.select_k.sweep import Fit, Sweep

NONE = ShareLimits()


def candidate(
    k: int,
    stability: float,
    explained: float,
    step: float,
    smallest: float,
    largest: float = 0.5,
    published: float | None = None,
) -> Division:
    own = stability if published is None else published
    return Division(k, stability, own, explained, step, smallest, largest)


CDNOW = (
    Division(1, None, None, 0.0, 0.0, 1.0, 1.0),
    candidate(2, 0.98, 0.65, 0.65, 0.34, 0.66),
    candidate(3, 0.93, 0.76, 0.11, 0.14, 0.51),
    candidate(4, 0.92, 0.82, 0.06, 0.12, 0.40),
    candidate(5, 0.52, 0.85, 0.03, 0.11, 0.35),
    candidate(6, 0.89, 0.87, 0.02, 0.057, 0.30),
)


def test_the_finest_that_passes_everything() -> None:
    choice = divide(CDNOW, NONE)
    assert (choice.k, choice.unmet) == (4, "")
    assert "other customers would give the same" in choice.reason
    assert "k = 6 would be too, but the last segment explains only 2.0%" in choice.reason


def test_a_published_fit_that_is_not_found_is_not_chosen() -> None:
    assert divide([*CDNOW[:3], candidate(4, 0.9, 0.82, 0.06, 0.12, published=0.7)], NONE).k == 3


def test_low_explained_variance_needs_smaller_steps() -> None:
    assert divide([candidate(2, 0.95, 0.08, 0.08, 0.3), candidate(3, 0.95, 0.12, 0.04, 0.2)], NONE).k == 3


def test_nothing_is_reproducible() -> None:
    choice = divide([candidate(k, 0.6 - k / 100, 0.3, 0.1, 0.2) for k in (2, 3, 4)], NONE)
    assert choice.k is None
    assert "k = 2 comes nearest: Jaccard 0.58)" in choice.reason
    near = divide([candidate(2, 0.78, 0.3, 0.1, 0.2)], NONE)
    assert near.k is None
    assert "Jaccard 0.78, less than 0.80" in near.reason
    assert divide(CDNOW[:1], NONE).k is None


def test_nothing_large_enough_says_so() -> None:
    choice = divide([candidate(2, 0.95, 0.3, 0.3, 0.006)], NONE)
    assert choice.k is None
    assert "the smallest segment holds 0.6%" in choice.reason


@pytest.mark.parametrize(("stability", "smallest", "k"), [(0.62, 0.031, 5), (0.58, 0.2, 4), (0.7, 0.02, 4)])
def test_the_last_k_is_kept_while_it_is_found_and_large_enough(
    stability: float, smallest: float, k: int
) -> None:
    choices = [*CDNOW[:4], candidate(5, stability, 0.85, 0.03, smallest)]
    choice = divide(choices, NONE, previous_k=5)
    assert choice.k == k
    assert ("kept from the last run" in choice.reason) == (k == 5)


def test_a_last_k_that_would_be_chosen_anyway_is_not_called_kept() -> None:
    assert "kept" not in divide(CDNOW, NONE, previous_k=4).reason
    assert divide(CDNOW, NONE, previous_k=3).k == 3
    assert divide(CDNOW, NONE, previous_k=17).k == 4


def test_limits_are_respected() -> None:
    assert divide(CDNOW, ShareLimits(min_share=0.13)).k == 3
    assert divide(CDNOW, ShareLimits(max_share=0.45)).k == 4
    assert divide(CDNOW, ShareLimits(min_share=0.13), previous_k=4).k == 3


def test_limits_that_cannot_be_had_are_answered_one_by_one() -> None:
    choice = divide(CDNOW, ShareLimits(min_share=0.13, max_share=0.2))
    assert choice.k == 3
    assert "max_share = 0.2 cannot be had" in choice.unmet
    assert "min_share" not in choice.unmet
    choice = divide(CDNOW, ShareLimits(min_share=0.4))
    assert choice.k == 4
    assert choice.unmet == (
        "min_share = 0.4 cannot be had: the smallest segment of a reproducible division holds 34.0% at most"
    )


def test_fewer_ks_than_all_share_the_step() -> None:
    def fit(k: int, inertia: float) -> Fit:
        return Fit(k, np.zeros((k, 1)), np.zeros(2, np.intp), inertia, 0.0, None, None, None, 0.2, 0.5)

    points = FitRows(np.array([[-1.0], [1.0]]), np.array([5.0, 5.0]))
    sweep = Sweep(points, (fit(3, 4.0), fit(5, 2.0)), 0, 1, 2)
    stability = {3: SegmentStability(np.full((2, 3), 0.9))}
    three, five = divisions(sweep, stability, stability)
    assert (three.explained_variance, three.step) == pytest.approx((0.6, 0.3))
    assert (five.explained_variance, five.step) == pytest.approx((0.8, 0.1))
    assert five.stability is None
    assert three.is_reproducible
    assert not five.is_reproducible
