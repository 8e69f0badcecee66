"""What a careful analyst would add to the chosen number of segments: warnings, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from segjob.core import density_rows
from segjob.core.arrays import nearest
from segjob.core.cluster import kmeans
from segjob.core.model import Floats, Labels, Transform
from segjob.core.sampling import unweighted_sample
from segjob.core.select_k.stability import adjusted_rand

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Fit, Sweep
    from segjob.core.select_k.votes import Choice

_SMALL = 0.01
"""Share of the rows below which a segment is suspected to be outliers."""
_SAME = 0.9
"""Adjusted Rand index from which two partitions count as the same; `stability.STABLE` is the same bound."""
_NOTHING = 0.05
"""Share of a feature's spread below which the segments explain nothing of it."""
_SKEW = 2.0
"""Skewness of an exponential distribution: beyond it, the largest rows make the distances."""
_ROWS = 1_000
"""Rows that are examined, at most: the fits for a warning must cost little."""
_SEEDS = 5


def warnings(
    sweep: Sweep, choice: Choice, transforms: Sequence[Transform], *, published: bool = True
) -> tuple[str, ...]:
    """Reasons to look twice, each one sentence with what to do.

    Parameters
    ----------
    sweep : the fits, on the rows that `transforms` made.
    choice : what was chosen; without a k only the features are examined.
    transforms : one for each coordinate of the points.
    published : whether the chosen fit of the sweep is what is published, and not another algorithm's.
    """
    messages = list(_skewed(sweep, transforms))
    fit = next((fit for fit in sweep.fits if fit.k == choice.k), None)
    if fit is None:
        return tuple(messages)
    messages += _edge(sweep, fit) if choice.outcome != "fixed" else ()
    messages += _disagreement(choice)
    if not published:
        return tuple(messages)
    messages += small(fit.smallest_share)
    values = unweighted_sample(sweep.points, sweep.seed, _ROWS)
    if fit.k > 1:
        labels, _ = nearest(values, fit.centroids)
        messages += _features(values, labels, fit.k, transforms, sweep.seed)
        messages += _seeds(values, fit, sweep)
    return tuple(messages)


def small(smallest_share: float) -> Iterator[str]:
    """Whether the smallest segment, a share of the rows, is too small to be one."""
    if smallest_share < _SMALL:
        yield (
            f"the smallest segment holds {smallest_share:.2%} of the rows: look whether they are outliers, and bound "
            "or exclude them if so"
        )


def _edge(sweep: Sweep, fit: Fit) -> Iterator[str]:
    ks = [f.k for f in sweep.fits]
    if fit.k == ks[-1] and len(ks) > 1:
        yield f"k = {fit.k} is the end of the range: widen k_range to see whether more segments are better"
    elif fit.k == ks[0] and fit.k > 2 and len(ks) > 1:
        yield f"k = {fit.k} is the start of the range: widen k_range to see whether fewer segments are better"


def _disagreement(choice: Choice) -> Iterator[str]:
    others = [
        vote for vote in choice.votes if vote.k is not None and vote.rule not in (choice.rule, "groups")
    ]
    if len(others) > 1 and not any(vote.k == choice.k for vote in others):
        votes = ", ".join(f"{vote.rule} {vote.k}" for vote in others)
        rule = "no rule" if choice.outcome == "fixed" else "no other rule"
        yield f"{rule} says k = {choice.k} ({votes}): compare the profiles before they are used"


def _features(
    values: Floats, labels: Labels, k: int, transforms: Sequence[Transform], seed: int
) -> Iterator[str]:
    columns = list(dict.fromkeys(t.source_column for t in transforms))
    if len(columns) < 2:
        return
    for name in columns:
        some = values[:, [j for j, t in enumerate(transforms) if t.source_column == name]]
        explained = _explained(some, labels)
        if explained < _NOTHING:
            yield (
                f"{name} adds nothing: the segments explain {explained:.1%} of its spread; leave it out, or give "
                "it more weight if it matters"
            )
        elif len(np.unique(some, axis=0)) >= k:
            alone = kmeans.fit(some, np.ones(len(some)), k, seed=seed, n_init=5).labels
            if adjusted_rand(labels, alone) >= _SAME:
                yield (
                    f"{name} alone makes the segments: without the other features they are nearly the same; "
                    "check its scale and weight"
                )


def _explained(values: Floats, labels: Labels) -> float:
    """The share of the spread that lies between the segments."""
    total = float(((values - values.mean(axis=0)) ** 2).sum())
    sizes = np.bincount(labels)
    sums = np.stack([np.bincount(labels, column) for column in values.T], axis=1)
    means = sums / np.maximum(sizes, 1)[:, None]
    within = float(((values - means[labels]) ** 2).sum())
    return 1 - within / total if total > 0 else 0.0


def _seeds(values: Floats, fit: Fit, sweep: Sweep) -> Iterator[str]:
    if len(np.unique(values, axis=0)) < fit.k:
        return
    ones = np.ones(len(values))
    partitions = [
        kmeans.fit(values, ones, fit.k, seed=sweep.seed + 1 + i, n_init=sweep.n_init).labels
        for i in range(_SEEDS)
    ]
    agreement = float(np.mean([adjusted_rand(a, b) for a, b in combinations(partitions, 2)]))
    if agreement < _SAME:
        yield (
            f"the segments change with the seed (adjusted Rand {agreement:.2f} between {_SEEDS} seeds): raise n_init, "
            "and do not read much into the segment of a single row"
        )


def _skewed(sweep: Sweep, transforms: Sequence[Transform]) -> Iterator[str]:
    values = unweighted_sample(sweep.points, sweep.seed, _ROWS)
    for transform, column in zip(transforms, values.T, strict=True):
        if transform.function != "identity" or len(np.unique(column)) <= 2:
            continue
        skew = float(density_rows.skewness(column[:, None])[0])
        if skew > _SKEW and transform.to_original(column).min() > -1:
            yield (
                f"{transform.feature} is strongly skewed ({skew:.1f}), so few large values rule the distances: "
                'set function = "log1p" for it'
            )
        elif abs(skew) > _SKEW:
            yield f"{transform.feature} is strongly skewed ({skew:.1f}): set lower and upper bounds for it"
