"""What a careful analyst would add to the number of segments: few warnings, one of a kind, each with what to do.

They are made from the decision, so that none can contradict it. A warning that made data with a known truth showed to
be wrong is not here: raising n_init, features that alone make the segments, bounds for skewed features (clipped values
make groups of their own).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from segjob.core.arrays import nearest
from segjob.core.density.log_scale import skewness
from segjob.core.model import Floats, Transform
from segjob.core.sampling import unweighted_sample

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Sweep
    from segjob.core.select_k.votes import KDecision

_SMALL = 0.01
"""Share of the rows below which a segment is suspected to be outliers."""
_NOTHING = 0.05
"""Share of a feature's spread below which the segments explain nothing of it."""
_SKEW = 2.0
"""Skewness of an exponential distribution: beyond it, the largest rows make the distances."""
_ROWS = 1_000
"""Rows that are examined, at most: a warning must cost little."""


def warnings(sweep: Sweep, decision: KDecision, transforms: Sequence[Transform]) -> tuple[str, ...]:
    """Reasons to look twice, each one sentence with what to do.

    Parameters
    ----------
    sweep : the fits, on the rows that `transforms` made.
    decision : without a k only the features are examined.
    transforms : one for each coordinate of the points.
    """
    messages = [decision.unmet] if decision.unmet else []
    values = unweighted_sample(sweep.points, sweep.seed, _ROWS)
    if decision.structure != "natural":
        messages += _skewed(values, transforms)
    messages += _edge(sweep, decision)
    fit = next((fit for fit in sweep.fits if fit.k == decision.k), None)
    if fit is None or decision.start is None or decision.start.algorithm != "kmeans":
        return tuple(messages)
    if decision.structure != "natural":
        messages += small(fit.smallest_share)
    elif fit.k > 1:
        messages += _without_part(values, decision.start.centroids, transforms)
    return tuple(messages)


def small(smallest_share: float) -> Iterator[str]:
    """Whether the smallest segment, a share of the rows, is too small to be one."""
    if smallest_share < _SMALL:
        yield (
            f"the smallest segment holds {smallest_share:.2%} of the rows: see whether they are customers to address, "
            "and exclude them in the relation if not"
        )


def _edge(sweep: Sweep, decision: KDecision) -> Iterator[str]:
    """A division that might be finer than the range allows; a count by density does not depend on the range."""
    ks = [fit.k for fit in sweep.fits]
    if decision.outcome == "divided" and decision.k == ks[-1] and len(ks) > 1:
        yield f"k = {decision.k} is the end of the range: widen k_range to see whether a finer division holds"


def _without_part(values: Floats, centroids: Floats, transforms: Sequence[Transform]) -> Iterator[str]:
    """Features in which natural segments do not differ."""
    columns = list(dict.fromkeys(t.source_column for t in transforms))
    labels, _ = nearest(values, centroids)
    nothing = []
    for name in columns:
        some = values[:, [j for j, t in enumerate(transforms) if t.source_column == name]]
        nothing += [name] if _explained(some, labels) < _NOTHING else []
    if nothing and len(nothing) < len(columns):
        yield (
            f"the segments do not differ in {_listed(nothing)} (less than {_NOTHING:.0%} of the spread lies between "
            "them): without such features the others count for more"
        )


def _explained(values: Floats, labels: np.ndarray) -> float:
    """The share of the spread that lies between the segments."""
    total = float(((values - values.mean(axis=0)) ** 2).sum())
    sizes = np.bincount(labels)
    sums = np.stack([np.bincount(labels, column) for column in values.T], axis=1)
    means = sums / np.maximum(sizes, 1)[:, None]
    within = float(((values - means[labels]) ** 2).sum())
    return 1 - within / total if total > 0 else 0.0


def _skewed(values: Floats, transforms: Sequence[Transform]) -> Iterator[str]:
    """Features whose largest values rule the distances."""
    with_log: list[str] = []
    without: list[str] = []
    for transform, column in zip(transforms, values.T, strict=True):
        if transform.function != "identity" or len(np.unique(column)) <= 2:
            continue
        skew = float(skewness(column[:, None])[0])
        if abs(skew) <= _SKEW:
            continue
        has_log = skew > 0 and transform.to_original(column).min() > -1
        (with_log if has_log else without).append(transform.feature)
    if with_log:
        are = "is" if len(with_log) == 1 else "are"
        yield (
            f"{_listed(with_log)} {are} strongly skewed, so few large values rule the distances: set "
            'function = "log1p"'
        )
    if without:
        are = "is" if len(without) == 1 else "are"
        yield (
            f"{_listed(without)} {are} strongly skewed, so few far values rule the distances: bring them to an even "
            "scale in the relation, such as ranks"
        )


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
