"""How many groups the rows have, whatever their shape: mixtures, compared by BIC, count the valleys of density."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from segjob.core import density_rows
from segjob.core.arrays import one_blas_thread
from segjob.core.cluster import kmeans, mixture_models
from segjob.core.cluster.mixture_models import FAMILIES, Family, Mixture
from segjob.core.model import Floats
from segjob.core.select_k import modality

_COMPONENTS = 14
_MORE_COMPONENTS = 28
_MANY = 11
_STARTS = 10
_CLOSE = 10.0
_ROWS_PER_COMPONENT = 6
_LEAST_ROWS = 12


@dataclass(frozen=True)
class Solution:
    """One way to see the rows.

    k : groups; components : of the mixture they come from.
    family : the mixture's.
    bic_difference : its BIC minus the lowest, so 0 for the best; 2 log of the Bayes factor against it (Kass and
        Raftery, 1995).
    shallowest_valley, deepest_merged_valley : see `modality.Groups`.
    """

    k: int
    components: int
    family: Family
    bic_difference: float
    shallowest_valley: float
    deepest_merged_valley: float


@dataclass(frozen=True)
class DensityCount:
    """What the rows say about the number of groups.

    solutions : those within 10 of the lowest BIC, best first; empty where there are too few rows to ask.
    rows : that the mixtures were fitted to.
    log_transformed : whether skewed features are on a log scale, because that explains the rows better.
    """

    solutions: tuple[Solution, ...]
    rows: int
    log_transformed: bool


def count_groups(rows: Floats, seed: int) -> DensityCount:
    """Fit all families of mixtures and count the groups of those that explain the rows best.

    The answer does not depend on any range of k.

    Parameters
    ----------
    rows : (m, d) from `sampling.unweighted_sample`.
    """
    values = density_rows.spread_out(rows, seed)
    n, d = values.shape
    if n < _LEAST_ROWS or d == 0:
        return DensityCount((), n, False)
    with one_blas_thread():
        values, log_transformed = _scale(values, seed)
        mixtures = _searched(values, _COMPONENTS, seed)
        if modality.groups_of(values, _best(mixtures)).k >= _MANY:
            mixtures += _more(values, seed)
        best = _best(mixtures).bic
        close = sorted((m for m in mixtures if m.bic <= best + _CLOSE), key=lambda m: m.bic)
        solutions = tuple(_solution(values, m, best) for m in close)
    return DensityCount(solutions, n, log_transformed)


def _scale(values: Floats, seed: int) -> tuple[Floats, bool]:
    """The values as they are or, if that explains them better, with skewed columns on a log scale."""
    transformed = density_rows.log_transformed(values)
    if transformed is None:
        return values, False
    logs, log_jacobian = transformed
    most = min(_COMPONENTS, max(1, len(values) // _ROWS_PER_COMPONENT))
    plain, better = (
        _best(mixture_models.descend(v, FAMILIES[1], most, seed=seed).values()).bic for v in (values, logs)
    )
    return (logs, True) if better - 2 * log_jacobian < plain else (values, False)


def _searched(values: Floats, components: int, seed: int) -> list[Mixture]:
    """The best mixture of every family and number of components, from merged and from k-means starts."""
    most = min(components, max(1, len(values) // _ROWS_PER_COMPONENT))
    best: dict[tuple[Family, int], Mixture] = {}

    def keep(mixtures: Iterable[Mixture]) -> None:
        for m in mixtures:
            known = best.get((m.family, m.k))
            if known is None or m.bic < known.bic:
                best[m.family, m.k] = m

    for family in FAMILIES:
        keep(mixture_models.descend(values, family, most, seed=seed).values())
    for k in range(2, min(_STARTS, most) + 1):
        labels = kmeans.fit(values, np.ones(len(values)), k, seed=seed, n_init=5).labels
        keep(mixture_models.fit(values, np.eye(k)[:, labels], family) for family in FAMILIES)
    return list(best.values())


def _more(values: Floats, seed: int) -> list[Mixture]:
    """Mixtures of more components than usual, for rows with many groups."""
    most = min(_MORE_COMPONENTS, len(values) // _ROWS_PER_COMPONENT)
    if most <= _COMPONENTS:
        return []
    each = (mixture_models.descend(values, f, most, seed=seed, least=_COMPONENTS + 1) for f in FAMILIES)
    return [mixture for by_k in each for mixture in by_k.values()]


def _best(mixtures: Iterable[Mixture]) -> Mixture:
    return min(mixtures, key=lambda m: m.bic if math.isfinite(m.bic) else math.inf)


def _solution(values: Floats, mixture: Mixture, lowest_bic: float) -> Solution:
    groups = modality.groups_of(values, mixture)
    return Solution(
        k=groups.k,
        components=mixture.k,
        family=mixture.family,
        bic_difference=mixture.bic - lowest_bic,
        shallowest_valley=groups.shallowest_valley,
        deepest_merged_valley=groups.deepest_merged_valley,
    )
