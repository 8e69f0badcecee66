"""Each warning appears where it should, and a plain case has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from segjob.core.model import FitRows, Floats, Transform
from segjob.core.select_k.choose import choose
from segjob.core.select_k.sweep import Sweep, sweep
from segjob.core.select_k.votes import Choice, Vote
from segjob.core.select_k.warnings import warnings

R = np.random.default_rng


def square(n: int = 400, seed: int = 0) -> Floats:
    """Four round groups in a square, so that both features are needed."""
    at = np.array([[0, 0], [8, 0], [0, 8], [8, 8]])[np.arange(n) % 4]
    return at + R(seed).normal(size=(n, 2))


def asked(rows: Floats, ks: range = range(1, 7)) -> tuple[Sweep, tuple[Transform, ...]]:
    centre, scale = rows.mean(axis=0), rows.std(axis=0)
    names = ["income", "score"]
    transforms = tuple(
        Transform(name, name, center=float(c), scale=float(s))
        for name, c, s in zip(names, centre, scale, strict=False)
    )
    return sweep(FitRows((rows - centre) / scale, np.ones(len(rows))), ks, seed=0), transforms


def fixed(k: int, *votes: Vote) -> Choice:
    return Choice(k, "chosen", "consensus", "", votes)


def test_a_plain_case_has_no_warning() -> None:
    s, transforms = asked(square())
    assert warnings(s, choose(s, "consensus"), transforms) == ()


def one(found: tuple[str, ...], words: str) -> str:
    hits = [warning for warning in found if words in warning]
    assert len(hits) == 1, found
    return hits[0]


def test_the_end_of_the_range_is_said() -> None:
    s, transforms = asked(square(), range(1, 5))
    assert "widen k_range" in one(warnings(s, fixed(4), transforms), "k = 4 is the end of the range")
    assert not any("range" in w for w in warnings(s, replace(fixed(4), outcome="fixed"), transforms))
    s, transforms = asked(square(), range(4, 8))
    assert "fewer" in one(warnings(s, fixed(4), transforms), "start of the range")


def test_rules_that_disagree_are_named() -> None:
    s, transforms = asked(square())
    others = (Vote("elbow", 3, 0.5, ""), Vote("silhouette", 2, 0.5, ""), Vote("gap", None, 0.0, ""))
    assert "elbow 3, silhouette 2" in one(
        warnings(s, fixed(4, *others), transforms), "no other rule says k = 4"
    )
    asked_for = replace(fixed(4, *others), outcome="fixed")
    one(warnings(s, asked_for, transforms), "no rule says k = 4")
    backed = (*others, Vote("davies_bouldin", 4, 0.5, ""))
    assert warnings(s, fixed(4, *backed), transforms) == ()


def test_a_tiny_segment_is_said() -> None:
    rows = np.vstack([square(), [[40.0, 40.0], [40.5, 40.0]]])
    s, transforms = asked(rows)
    assert "outliers" in one(warnings(s, fixed(5), transforms), "the smallest segment holds 0.50%")


def test_a_feature_alone_and_a_feature_for_nothing() -> None:
    r = R(1)
    rows = np.column_stack([np.arange(400) % 3 * 10 + r.normal(size=400), r.normal(size=400) * 0.1])
    rows = rows * [1.0, 0.1]
    s = sweep(FitRows((rows - rows.mean(axis=0)) / [8.0, 0.5], np.ones(400)), range(1, 6), seed=0)
    transforms = (Transform("income", "income"), Transform("score", "score"))
    found = warnings(s, fixed(3), transforms)
    one(found, "income alone makes the segments")
    one(found, "score adds nothing")
    alone = sweep(FitRows(s.points.values[:, :1], np.ones(400)), range(1, 6), seed=0)
    assert warnings(alone, fixed(3), transforms[:1]) == ()


@pytest.mark.parametrize(("sign", "advice"), [(1, 'function = "log1p"'), (-1, "lower and upper bounds")])
def test_strong_skew_comes_with_its_remedy(sign: int, advice: str) -> None:
    rows = np.column_stack([sign * np.exp(R(2).normal(size=500) * 1.2), R(3).normal(size=500)])
    s, transforms = asked(rows)
    none = Choice(None, "none", "consensus", "", ())
    assert advice in one(warnings(s, none, transforms), "income is strongly skewed")
    logged = (replace(transforms[0], function="log1p"), transforms[1])
    assert warnings(s, none, logged) == ()


def test_an_answer_that_changes_with_the_seed_is_said() -> None:
    rows = R(4).uniform(size=(400, 2))
    s, transforms = asked(rows, range(1, 9))
    s = replace(s, n_init=1)
    assert "raise n_init" in one(warnings(s, fixed(7), transforms), "change with the seed")
