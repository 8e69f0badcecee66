"""How many groups one sample shows: mixtures, compared by BIC, merged across what is no valley."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from segjob.core.cluster import kmeans, mixture_models
from segjob.core.cluster.mixture_models import FAMILIES, Family, MixedRows, Mixture
from segjob.core.density.log_scale import log_transformed
from segjob.core.density.modality import Groups, groups_of

CLOSE = 10.0
"""Solutions so near in BIC are not told from each other by it (Kass and Raftery, 1995)."""
LEAST_ROWS = 12
"""Two groups of six rows; fewer are no density."""

_COMPONENTS, _MORE_COMPONENTS, _MANY = 14, 28, 11
"""Components at most; twice as many if the rows have 11 groups or more."""
_STARTS = 10
"""Numbers of components that also start from k-means."""
_MOST_CLOSE = 5
"""Solutions that are examined for valleys, the best first."""
_ROWS_PER_COMPONENT = 6
_WIDE = 12
"""Numbers and categories above which the search is shortened: a pass costs as much as their products."""
_WIDE_COMPONENTS, _WIDE_STARTS = 10, 6


@dataclass(frozen=True)
class Solution:
    """One way to see the rows: a mixture, its groups, and its BIC minus the lowest."""

    mixture: Mixture
    groups: Groups
    bic_difference: float


def count_groups(rows: MixedRows, seed: int) -> tuple[Solution, ...]:
    """Fit all families of mixtures, and count the groups of those that explain the rows best.

    Returns
    -------
    The solutions within 10 of the lowest BIC, best first; at most five.
    """
    wide = len(rows.hot) + rows.numbers.shape[1] > _WIDE
    mixtures = _search(
        rows, _WIDE_COMPONENTS if wide else _COMPONENTS, _WIDE_STARTS if wide else _STARTS, seed
    )
    if not wide and groups_of(rows, _best(mixtures)).k >= _MANY:
        mixtures += _more(rows, seed)
    return _solutions(rows, mixtures)


def recount_groups(rows: MixedRows, close: Sequence[Mixture], seed: int) -> tuple[Solution, ...]:
    """The same with the families, and about the numbers of components, that suit another sample.

    Parameters
    ----------
    close : mixtures of the other sample's solutions.
    """
    best = _Best()
    values, ones = rows.start_values(), np.ones(len(rows.numbers))
    bound = max(1, len(values) // _ROWS_PER_COMPONENT)
    for family in dict.fromkeys(m.family for m in close):
        ks = [m.k for m in close if m.family == family]
        most = min(max(ks) + 3, bound)
        least = max(1, min(ks) - 2)
        best.add(mixture_models.descend(rows, family, most, seed=seed, least=min(least, most)).values())
        for k in range(max(2, min(ks) - 1), min(max(ks) + 1, most) + 1):
            labels = kmeans.fit(values, ones, k, seed=seed, n_init=3).labels
            best.add([mixture_models.fit(rows, np.eye(k)[:, labels], family)])
        best.add([mixture_models.fit(rows, ones[None], family)])
    # A sample shows other groups where they suit it better, not where its own search ended too early.
    best.add(mixture_models.fit(rows, mixture_models.responsibilities_of(m, rows), m.family) for m in close)
    return _solutions(rows, best.mixtures())


def prefers_log_scale(rows: MixedRows, seed: int) -> bool:
    """Whether skewed numbers on a log scale explain the rows better than they do as they are."""
    transformed = log_transformed(rows.numbers, np.arange(len(rows.numbers)))
    if transformed is None:
        return False
    logs, log_jacobian = transformed
    most = min(_COMPONENTS, max(1, len(logs) // _ROWS_PER_COMPONENT))
    plain, better = (
        _best(mixture_models.descend(each, FAMILIES[1], most, seed=seed).values()).bic
        for each in (rows, MixedRows(logs, rows.hot, rows.first, rows.prior))
    )
    return better - 2 * log_jacobian < plain


class _Best:
    """The best mixture of each family and number of components."""

    def __init__(self) -> None:
        self._best: dict[tuple[Family, int], Mixture] = {}

    def add(self, mixtures: Iterable[Mixture]) -> None:
        for m in mixtures:
            known = self._best.get((m.family, m.k))
            if known is None or m.bic < known.bic:
                self._best[m.family, m.k] = m

    def mixtures(self) -> list[Mixture]:
        return list(self._best.values())


def _search(rows: MixedRows, components: int, starts: int, seed: int) -> list[Mixture]:
    """The best mixture of every family and number of components, from merged and from k-means starts."""
    values, ones = rows.start_values(), np.ones(len(rows.numbers))
    most = min(components, max(1, len(values) // _ROWS_PER_COMPONENT))
    best = _Best()
    for family in FAMILIES:
        best.add(mixture_models.descend(rows, family, most, seed=seed).values())
    for k in range(2, min(starts, most) + 1):
        start = np.eye(k)[:, kmeans.fit(values, ones, k, seed=seed, n_init=5).labels]
        best.add(mixture_models.fit(rows, start, family) for family in FAMILIES)
    return best.mixtures()


def _more(rows: MixedRows, seed: int) -> list[Mixture]:
    """Mixtures of more components than usual, for rows with many groups."""
    most = min(_MORE_COMPONENTS, len(rows.numbers) // _ROWS_PER_COMPONENT)
    if most <= _COMPONENTS:
        return []
    each = (mixture_models.descend(rows, f, most, seed=seed, least=_COMPONENTS + 1) for f in FAMILIES)
    return [mixture for by_k in each for mixture in by_k.values()]


def _solutions(rows: MixedRows, mixtures: Sequence[Mixture]) -> tuple[Solution, ...]:
    """The groups of the mixtures close to the best."""
    lowest = _best(mixtures).bic
    close = sorted((m for m in mixtures if m.bic <= lowest + CLOSE), key=lambda m: m.bic)
    return tuple(Solution(m, groups_of(rows, m), m.bic - lowest) for m in close[:_MOST_CLOSE])


def _best(mixtures: Iterable[Mixture]) -> Mixture:
    return min(mixtures, key=lambda m: m.bic if math.isfinite(m.bic) else math.inf)
