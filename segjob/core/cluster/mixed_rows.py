"""Numbers and categories of rows, as mixture models take them: laid out so that a pass is a few matrix products."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats, Labels

NO_ROWS = 1e-10
"""Added to a component's mass, so that one without rows divides by no zero."""


@dataclass(frozen=True)
class MixedRows:
    """Numbers and categories of rows, the latter one-hot.

    numbers : (n, d) float64, no coordinate constant.
    hot : (l, n) 1 where the row has the level, all levels of all categories; first : (b + 1,) where each begins.
    prior : (l,) rows of the prior, one for each category, in the levels' own shares.
    """

    numbers: Floats
    hot: Floats
    first: NDArray[np.intp]
    prior: Floats

    @classmethod
    def of(cls, numbers: Floats, levels: Labels | None = None) -> MixedRows:
        """Of (n, d) numbers and (n, b) levels from 0."""
        if levels is None or not levels.shape[1]:
            return cls(numbers, np.zeros((0, len(numbers))), np.zeros(1, dtype=np.intp), np.zeros(0))
        sizes = [int(column.max()) + 1 for column in levels.T]
        hot = np.concatenate([np.eye(size)[:, at] for size, at in zip(sizes, levels.T, strict=True)])
        return cls(numbers, hot, np.cumsum([0, *sizes]), hot.mean(axis=1))

    @property
    def free_levels(self) -> int:
        """Shares to estimate for each component."""
        return len(self.hot) - len(self.first) + 1

    def level_shares(self, responsibilities: Floats) -> Floats:
        """(k, l) each component's share of each level within its category."""
        if not len(self.hot):
            return np.zeros((len(responsibilities), 0))
        count = responsibilities @ self.hot.T + self.prior
        for a, b in pairwise(self.first):
            count[:, a:b] /= count[:, a:b].sum(axis=1, keepdims=True)
        return count

    def rows(self, picked: NDArray[np.intp]) -> MixedRows:
        """Some of the rows, with the prior of all."""
        return MixedRows(self.numbers[picked], self.hot[:, picked], self.first, self.prior)

    @cached_property
    def squares(self) -> Products:
        """What mixtures whose axes are the coordinates are made of."""
        return Products.of(self.numbers, diagonal=True)

    @cached_property
    def pairs(self) -> Products:
        """What mixtures with full covariances are made of."""
        return Products.of(self.numbers, diagonal=False)

    def start_values(self) -> Floats:
        """(n, d + l) numbers beside categories that have the variance of one number each: what starts are fitted to."""
        hot = self.hot - self.hot.mean(axis=1, keepdims=True)
        for a, b in pairwise(self.first):
            hot[a:b] /= np.sqrt((hot[a:b] ** 2).mean(axis=1).sum()) + 1e-12
        return np.concatenate([self.numbers, hot.T], axis=1)


@dataclass(frozen=True)
class Products:
    """The rows' products, coordinates and a one: moments and quadratic forms of all components are one product each.

    rows : (f, n), f = p + d + 1; first, second : (p,) which coordinates the products are of, all pairs or the squares.
    entries : (p,) of a symmetric matrix that a product stands for: two, and one on the diagonal.
    """

    rows: Floats
    first: NDArray[np.intp]
    second: NDArray[np.intp]
    entries: Floats

    @classmethod
    def of(cls, values: Floats, *, diagonal: bool) -> Products:
        """Of (n, d) values."""
        columns, d = values.T, values.shape[1]
        first, second = (np.arange(d), np.arange(d)) if diagonal else np.triu_indices(d)
        rows = np.concatenate([columns[first] * columns[second], columns, np.ones((1, len(values)))])
        return cls(rows, first, second, np.where(first == second, 1.0, 2.0))

    def moments(self, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """(k, p) sums of products, (k, d) sums and (k,) sums of the weights (k, n)."""
        sums: Floats = weights @ self.rows.T
        products = len(self.first)
        return sums[:, :products], sums[:, products:-1], sums[:, -1] + NO_ROWS

    def distances(self, means: Floats, spreads: Floats) -> tuple[Floats, Floats]:
        """(k, n) squared distances in each component's own metric, and (k,) log determinants.

        x'Px - 2x'Pm + m'Pm, P the precision: linear in the products, so all rows and components are one product.

        Parameters
        ----------
        spreads : (k, d) variances, or (k, d, d) covariances.
        """
        if spreads.ndim == 2:
            squares = 1 / spreads
            linear, log_det = squares * means, np.log(spreads).sum(axis=1)
        else:
            root = np.linalg.inv(np.linalg.cholesky(spreads))
            inverse = root.transpose(0, 2, 1) @ root
            squares = inverse[:, self.first, self.second] * self.entries
            linear = (inverse @ means[:, :, None])[:, :, 0]
            log_det = -2 * np.log(np.einsum("kii->ki", root)).sum(axis=1)
        constant = (linear * means).sum(axis=1)[:, None]
        squared: Floats = np.concatenate([squares, -2 * linear, constant], axis=1) @ self.rows
        return np.maximum(squared, 0, out=squared), log_det
