"""How many groups one sample shows: mixtures, compared by BIC, merged across what is no valley."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segjob.core.cluster import kmeans, mixture_models
from segjob.core.cluster.mixed_rows import MixedRows
from segjob.core.cluster.mixture_models import FAMILIES, Family, Mixture
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
_HOPELESS = 200.0
"""A fit from k-means that is so far above the close solutions, and does not gain fast enough, is given up. Of 2,628
fits on 69 tables 60 ended close to the best and better than what was known; this limit leaves all, 50 would not."""
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


def count_groups(rows: MixedRows, seed: int, descended: Sequence[Mixture] = ()) -> tuple[Solution, ...]:
    """Fit all families of mixtures, and count the groups of those that explain the rows best.

    Parameters
    ----------
    descended : from `better_scale`.

    Returns
    -------
    The solutions within 10 of the lowest BIC, best first; at most five.
    """
    wide = len(rows.hot) + rows.numbers.shape[1] > _WIDE
    search = _Search(rows, seed)
    search.descend(FAMILIES, _WIDE_COMPONENTS if wide else _COMPONENTS, known=() if wide else descended)
    search.from_kmeans(FAMILIES, range(2, (_WIDE_STARTS if wide else _STARTS) + 1), restarts=5)
    if not wide and search.groups_of(search.lowest).k >= _MANY:
        search.descend(FAMILIES, _MORE_COMPONENTS, least=_COMPONENTS + 1)
    return search.solutions()


def recount_groups(rows: MixedRows, close: Sequence[Mixture], seed: int) -> tuple[Solution, ...]:
    """The same with the families, and about the numbers of components, that suit another sample.

    Parameters
    ----------
    close : mixtures of the other sample's solutions.
    """
    search = _Search(rows, seed)
    # A sample shows other groups where they suit it better, not where its own search ended too early.
    for m in close:
        search.add(mixture_models.fit(rows, mixture_models.responsibilities_of(m, rows), m.family))
    for family in dict.fromkeys(m.family for m in close):
        ks = [m.k for m in close if m.family == family]
        search.descend([family], max(ks) + 3, least=max(1, min(ks) - 2))
        search.from_kmeans([family], range(max(2, min(ks) - 1), max(ks) + 2), restarts=3)
        search.add(mixture_models.fit(rows, np.ones((1, len(rows.numbers))), family))
    return search.solutions()


def better_scale(rows: MixedRows, seed: int) -> tuple[bool, list[Mixture]]:
    """Whether skewed numbers on a log scale explain the rows better than they do as they are.

    Returns
    -------
    on_logs : False without skewed numbers.
    descended : the mixtures of one family that say so, of the rows on the better scale.
    """
    transformed = log_transformed(rows.numbers, np.arange(len(rows.numbers)))
    if transformed is None:
        return False, []
    logs, log_jacobian = transformed
    plain, better = (
        _Search(each, seed) for each in (rows, MixedRows(logs, rows.hot, rows.first, rows.prior))
    )
    for search in (plain, better):
        search.descend(FAMILIES[1:2], _COMPONENTS)
    on_logs = better.lowest.bic - 2 * log_jacobian < plain.lowest.bic
    return on_logs, (better if on_logs else plain).mixtures


class _Search:
    """The best mixture of each family and number of components, and the groups of the best."""

    def __init__(self, rows: MixedRows, seed: int) -> None:
        self._rows, self._seed = rows, seed
        self._most = max(1, len(rows.numbers) // _ROWS_PER_COMPONENT)
        self._best: dict[tuple[Family, int], Mixture] = {}
        self._groups: dict[tuple[Family, int], Groups] = {}

    def add(self, m: Mixture) -> None:
        """Keep it if it is the best of its kind."""
        known = self._best.get((m.family, m.k))
        if known is None or m.bic < known.bic:
            self._best[m.family, m.k] = m
            self._groups.pop((m.family, m.k), None)

    def descend(
        self, families: Sequence[Family], components: int, *, least: int = 1, known: Sequence[Mixture] = ()
    ) -> None:
        """From so many components down to the least.

        Parameters
        ----------
        known : the descent of some family, if there is one.
        """
        most = min(components, self._most)
        start = mixture_models.small_clusters(self._rows, most, self._seed)
        for family in families:
            mixtures = [m for m in known if m.family == family] or mixture_models.descend(
                self._rows, family, start, least=min(least, most)
            ).values()
            for m in mixtures:
                self.add(m)

    def from_kmeans(self, families: Sequence[Family], ks: range, *, restarts: int) -> None:
        """From k-means clusters; what has no hope to come close to the best is not fitted to its end."""
        ks, ones = range(ks.start, min(ks.stop, self._most + 1)), np.ones(len(self._rows.numbers))
        fits = kmeans.fits(self._rows.start_values(), ones, ks, seed=self._seed, n_init=restarts)
        for k, fit in fits.items():
            start = np.eye(k)[:, fit.labels]
            for family in families:
                limit = self.lowest.bic + CLOSE + _HOPELESS
                self.add(mixture_models.fit(self._rows, start, family, limit=limit))

    @property
    def mixtures(self) -> list[Mixture]:
        """All that are kept."""
        return list(self._best.values())

    @property
    def lowest(self) -> Mixture:
        """The one of the lowest BIC."""
        return min(self.mixtures, key=lambda m: m.bic if math.isfinite(m.bic) else math.inf)

    def groups_of(self, m: Mixture) -> Groups:
        """Its groups, counted once."""
        if (m.family, m.k) not in self._groups:
            self._groups[m.family, m.k] = groups_of(self._rows, m)
        return self._groups[m.family, m.k]

    def solutions(self) -> tuple[Solution, ...]:
        """The groups of the mixtures close to the best."""
        lowest = self.lowest.bic
        close = sorted((m for m in self.mixtures if m.bic <= lowest + CLOSE), key=lambda m: m.bic)
        return tuple(Solution(m, self.groups_of(m), m.bic - lowest) for m in close[:_MOST_CLOSE])
