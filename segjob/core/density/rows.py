"""Fit rows as density can take them: numbers without atoms, categories beside them, and few of many columns.

Numbers that are unknown (zeros of a spend, imputed values) are taken from a like row (hot deck; Andridge and Little,
2010), because leaving the column out would lose what the other rows say in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segjob.core.cluster import kmeans
from segjob.core.density.columns import (
    FEWEST_KNOWN,
    LEAST_KNOWN,
    Atom,
    DensityColumn,
    Mask,
    without_atoms,
)
from segjob.core.model import Floats, Labels
from segjob.core.row_keys import GOLDEN, RowKeys, mix, uniform

_SEED = 20_130
"""Not the run's seed: the count must not change with it."""
_MOST_DONORS, _ASKED_BITS = 400, 3
"""Each row asks 1 in 8 of 400 others, each row others: else rows that know nothing would all get one number."""
_DONOR_SPREAD = 0.15
"""In standard deviations: numbers taken from one donor must not be a tie."""
_FAR = 20.0
_MOST_FAR = 0.01
"""Rows beyond 20 interquartile ranges are set aside if they are at most 1 % of all: they are no group."""
_MOST_AXES = 12
"""A full covariance of 12 columns has 78 numbers; a sample of 1,500 rows bears no more of them per component."""
_SCREENING = 8
_EXPLAINED = 0.25
"""Columns that a division into 8 along the leading components explains by a quarter; noise comes to about a tenth."""
_NOTHING = 1e-12


@dataclass(frozen=True)
class DensityRows:
    """Rows to count groups in.

    numbers : (n, p) standardised, without ties; categories : (n, b) levels from 0, those of atoms among them.
    far : (n,) rows that are no part of any group: they are far from all others in one column.
    atoms : (coordinate, kind) of values that many rows share.
    """

    numbers: Floats
    categories: Labels
    far: Mask
    atoms: tuple[tuple[int, Atom], ...]


def density_rows(values: Floats, blocks: Sequence[Sequence[int]], keys: RowKeys) -> DensityRows:
    """Make scaled fit rows ready for a count by density.

    Parameters
    ----------
    values : (n, d) scaled coordinates.
    blocks : the coordinates of each one-hot column; the others are numeric.
    keys : (n,) permanent keys of the rows: all chance comes from them.
    """
    one_hot = {j for block in blocks for j in block}
    numeric = [j for j in range(values.shape[1]) if j not in one_hot]
    far = _far(values[:, numeric])
    categories: list[Labels] = [values[:, list(block)].argmax(axis=1) for block in blocks]
    columns: list[DensityColumn] = []
    atoms: list[tuple[int, Atom]] = []
    for j in numeric:
        level, at = np.unique(values[:, j], return_inverse=True)
        if len(level) <= 2:
            categories += [at] if len(level) == 2 else []
            continue
        column = without_atoms(values[:, j], far, uniform(keys, j))
        categories += column.categories
        atoms += [(j, kind) for kind in column.atoms]
        if column.known.sum() >= max(LEAST_KNOWN, FEWEST_KNOWN * len(values)):
            columns.append(column)
    levels = np.column_stack(categories) if categories else np.zeros((len(values), 0), dtype=np.intp)
    return DensityRows(_numbers(columns, levels, far, keys), levels, far, tuple(atoms))


def _numbers(columns: Sequence[DensityColumn], levels: Labels, far: Mask, keys: RowKeys) -> Floats:
    """(n, p) the columns side by side: filled, standardised, and few of many."""
    if not columns:
        return np.zeros((len(levels), 0))
    numbers = np.column_stack([column.values for column in columns])
    known = np.column_stack([column.known for column in columns])
    numbers = _standardised(_filled(numbers, known, levels, keys), far)
    return _reduced(numbers, far) if numbers.shape[1] > _MOST_AXES else numbers


def _far(values: Floats) -> Mask:
    """(n,) rows that are beyond everything in a column."""
    if not values.shape[1]:
        return np.zeros(len(values), dtype=bool)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    spread = np.where(high > low, high - low, np.inf)
    beyond = np.abs(values - middle) > _FAR * spread
    beyond[:, beyond.mean(axis=0) > _MOST_FAR] = False
    return np.asarray(beyond.any(axis=1))


def _filled(columns: Floats, known: Mask, levels: Labels, keys: RowKeys) -> Floats:
    """Unknown numbers taken from the likest of some rows that know them, a little spread."""
    if known.all():
        return columns
    each = list(zip(columns.T, known.T, strict=True))
    spread = np.array([c[k].std() for c, k in each]) + _NOTHING
    like = np.where(known, (columns - [c[k].mean() for c, k in each]) / spread, 0.0)
    flags = [(column == v) * 1.0 for column in levels.T for v in range(column.max() + 1)]
    like = np.column_stack([like, *flags])
    out, order = columns.copy(), np.argsort(keys)
    for j in np.flatnonzero(~known.all(axis=0)).tolist():
        lacks, donors = np.flatnonzero(~known[:, j]), order[known[order, j]][:_MOST_DONORS]
        others = np.delete(like, j, axis=1)
        distance = (others[donors] ** 2).sum(axis=1) - 2 * others[lacks] @ others[donors].T
        salted = mix(keys ^ mix(np.full(1, 1_000 + j, dtype=np.uint64)))
        # Fibonacci hashing (Knuth): the leading bits of a product say enough about a pair of random keys.
        pairs = (salted[lacks][:, None] ^ salted[donors]) * GOLDEN
        distance[pairs >> np.uint64(64 - _ASKED_BITS) != 0] = np.inf
        nearest = donors[distance.argmin(axis=1)]
        noise = (uniform(keys[lacks], 2_000 + j) - 0.5) * _DONOR_SPREAD * spread[j]
        out[lacks, j] = columns[nearest, j] + noise
    return out


def _standardised(values: Floats, far: Mask) -> Floats:
    near = values[~far]
    sd = near.std(axis=0)
    out: Floats = (values - near.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
    return out


def _reduced(values: Floats, far: Mask) -> Floats:
    """Few of many columns: those that a division along the leading components explains, else the components.

    A group that differs in 5 of 40 columns is lost in components of all 40; the columns that take part in any division
    are picked first, as in the screening steps of variable selection for mixtures (Raftery and Dean, 2006).
    """
    random = np.random.default_rng([_SEED, 13])
    leading = values @ _axes(values[~far], random).T
    labels = kmeans.fit(leading, np.ones(len(values)), _SCREENING, seed=_SEED, n_init=5).labels
    sizes = np.bincount(labels, minlength=_SCREENING)
    sums = np.stack([np.bincount(labels, column, _SCREENING) for column in values.T], axis=1)
    means = sums / np.maximum(sizes, 1)[:, None]
    variance = np.maximum(values.var(axis=0), _NOTHING)
    explained = (sizes @ (means - values.mean(axis=0)) ** 2) / len(values) / variance
    taking_part = np.flatnonzero(explained >= _EXPLAINED)
    if 2 <= len(taking_part) <= _MOST_AXES:
        return _standardised(values[:, taking_part], far)
    if _MOST_AXES < len(taking_part) < values.shape[1]:
        some = values[:, taking_part]
        leading = some @ _axes(some[~far], random).T
    near = leading[~far]
    out: Floats = (leading - near.mean(axis=0)) / near.std(axis=0).max()
    return out


def _axes(values: Floats, random: np.random.Generator) -> Floats:
    """(p, d) principal axes that are longer than those of the same columns shuffled (Horn, 1965), 2 to 12."""
    # Eigenvectors of p x p products: singular values of the rows take ten times as long.
    lengths, axes = np.linalg.eigh(values.T @ values)
    shuffled = []
    for _ in range(3):
        columns = random.permuted(values, axis=0)
        shuffled.append(np.linalg.eigvalsh(columns.T @ columns))
    count = int(np.clip((lengths > np.mean(shuffled, axis=0)).sum(), 2, _MOST_AXES))
    return axes.T[::-1][:count]
