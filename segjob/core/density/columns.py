"""One numeric column without atoms: values that many rows share are no hill of density, whatever they stand for.

- Zeros and other values at an end, set off from the rest: whether a row has one is a category (Cragg, 1971).
- Cut values: a tail beyond the bound that holds as many rows as were cut.
- A value amid the others (imputed): unknown, and no category.
- Ties: spread over the cell that they stand for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats, Labels

Atom = Literal["zeros", "cut", "filled in"]
Mask = NDArray[np.bool_]

LEAST_KNOWN = 10
FEWEST_KNOWN = 0.15
"""With fewer known numbers than this share, a column is its category only."""
_ATOM_SHARE, _ATOM_ROWS, _ATOM_LEAD = 0.02, 5, 4.0
"""An atom at an end holds at least 2 % of the rows, 5 of them, and four times as many as the two values next to it."""
_INNER_LEAD, _NEAR = 10.0, 10
"""One amid the others holds ten times as many as nearly all of the ten values on each side."""
_CUT = 2.0
"""Cut values have a tail as wide as the values next to the bound that are as many: at most 2 interquartile ranges."""
_CONTINUOUS = 0.9
"""From this share of different values on, a column has no ties to speak of."""


@dataclass(frozen=True)
class DensityColumn:
    """A column without atoms.

    values : (n,) without ties; known : (n,) where they are numbers of the table.
    categories : (n,) 0 or 1 for each atom that says something by itself; atoms : the kind of each atom.
    """

    values: Floats
    known: Mask
    categories: tuple[Labels, ...] = ()
    atoms: tuple[Atom, ...] = ()


def without_atoms(column: Floats, far: Mask, chance: Floats) -> DensityColumn:
    """One numeric column with each atom taken for what it is.

    Parameters
    ----------
    column : (n,) with three different values at least; far : (n,) rows that no bound is judged by.
    chance : (n,) a uniform number of each row.
    """
    level, at = np.unique(column, return_inverse=True)
    ends, inner = _atoms(np.bincount(at, minlength=len(level)))
    everywhere = np.ones(len(at), dtype=bool)
    if len(inner) > 1:
        return DensityColumn(_without_heaps(column, level, at, inner, chance), everywhere)
    known = ~np.isin(at, [*ends, *inner])
    if known.sum() < max(LEAST_KNOWN, FEWEST_KNOWN * len(at)) and not inner:
        zeros: list[Atom] = ["zeros"] * len(ends)
        return DensityColumn(column, known, _flags(at, ends), tuple(zeros))
    if not (ends or inner) or known.sum() < LEAST_KNOWN:
        return DensityColumn(_without_ties(level, at, chance), everywhere)
    values = column.copy()
    values[known] = _without_ties(*np.unique(column[known], return_inverse=True), chance[known])
    rest, apart = column[known & ~far], []
    kinds: list[Atom] = ["filled in"] * len(inner)
    for atom in ends:
        rows = at == atom
        tail = _tail(rest, level[atom], int(rows.sum()))
        kinds.append("zeros" if tail is None else "cut")
        if tail is None:
            apart.append(atom)
        else:
            values[rows] = level[atom] - tail * np.log(chance[rows])
            known = known | rows
    return DensityColumn(values, known, _flags(at, apart), tuple(kinds))


def _flags(at: Labels, atoms: Sequence[int]) -> tuple[Labels, ...]:
    return tuple((at == atom).astype(np.intp) for atom in atoms)


def _atoms(counts: Labels) -> tuple[list[int], list[int]]:
    """Levels at an end, and between, that hold many rows, and many more than the levels next to them."""
    last = len(counts) - 1
    ends, inner = [], []
    for atom in np.flatnonzero(counts >= max(_ATOM_ROWS, _ATOM_SHARE * counts.sum())).tolist():
        near = np.delete(counts[max(0, atom - _NEAR) : atom + _NEAR + 1], min(atom, _NEAR))
        beside = max(near[:2].max(), near[-2:].max())
        if atom in (0, last) and counts[atom] >= _ATOM_LEAD * beside:
            ends.append(atom)
        elif atom not in (0, last) and counts[atom] >= _INNER_LEAD * np.quantile(near, 0.75):
            inner.append(atom)
    return ends, inner


def _tail(rest: Floats, bound: float, rows: int) -> float | None:
    """The mean way beyond a bound at which rows were cut, signed; None if the atom is set off from the rest."""
    if rows >= len(rest):
        return None
    width = float(np.partition(np.abs(rest - bound), rows - 1)[rows - 1])
    low, high = np.quantile(rest, [0.25, 0.75])
    if width > _CUT * (high - low):
        return None
    return width if bound >= rest.max() else -width


def _without_heaps(column: Floats, level: Floats, at: Labels, inner: Sequence[int], chance: Floats) -> Floats:
    """Round numbers that hold many rows each (1,000, 1,500, 2,000): rows are spread half way to the next of them."""
    ends = [end for end in (0, len(level) - 1) if end not in inner]
    heaps = level[sorted([*inner, *ends])]
    nearest = np.abs(column[:, None] - heaps).argmin(axis=1)
    return np.where(np.isin(at, inner), _without_ties(heaps, nearest, chance), column)


def _without_ties(level: Floats, at: Labels, chance: Floats) -> Floats:
    """Ties spread over the cell of their level, half way to its neighbours."""
    if len(level) > _CONTINUOUS * len(at) or len(level) < 2:
        return level[at]
    gap = np.diff(level)
    below, above = np.append(gap[:1], gap), np.append(gap, gap[-1:])
    # Beside a wide gap a cell would reach far into empty space: no side is over twice as wide as the other.
    below, above = np.minimum(below, 2 * above), np.minimum(above, 2 * below)
    out: Floats = level[at] + chance * (below + above)[at] / 2 - below[at] / 2
    return out
