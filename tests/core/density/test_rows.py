"""Rows made ready for density: atoms are no groups, ties are spread, few columns stand for many."""

from __future__ import annotations

import numpy as np
import pytest

from segjob.core.density.columns import without_atoms
from segjob.core.density.log_scale import log_transformed, skewness
from segjob.core.density.rows import DensityRows, density_rows
from segjob.core.model import Floats
from segjob.core.row_keys import numbered, row_keys, uniform

R = np.random.default_rng


def seen(values: Floats, blocks: tuple[tuple[int, ...], ...] = ()) -> DensityRows:
    return density_rows(values, blocks, numbered(row_keys(values)))


def test_ties_are_spread_over_their_cells() -> None:
    whole = R(8).integers(0, 12, 400).astype(float)
    values = np.column_stack([whole, R(1).integers(0, 2, 400), R(2).normal(size=400)])
    rows = seen(values)
    assert rows.numbers.shape == (400, 2)
    assert rows.categories.shape == (400, 1)
    assert len(np.unique(rows.numbers[:, 0])) == 400
    assert np.corrcoef(rows.numbers[:, 0], whole)[0, 1] > 0.99
    assert rows.numbers.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert rows.numbers.std(axis=0) == pytest.approx(1)
    assert seen(np.zeros((50, 2))).numbers.shape == (50, 0)


@pytest.mark.parametrize(("kind", "categories"), [("zeros", 1), ("cut", 0), ("filled in", 0)])
def test_atoms_are_taken_for_what_they_are(kind: str, categories: int) -> None:
    column = R(3).normal(10, 2, 1000)
    if kind == "zeros":
        column[R(4).random(1000) < 0.4] = 0
    elif kind == "cut":
        column = np.minimum(column, np.quantile(column, 0.95))
    else:
        column[R(4).random(1000) < 0.1] = 10.123
    values = np.column_stack([column, R(5).normal(size=1000)])
    rows = seen(values)
    assert rows.atoms == ((0, kind),)
    assert rows.categories.shape[1] == categories
    assert np.unique(rows.numbers[:, 0], return_counts=True)[1].max() < 5


def test_plain_numbers_have_no_atoms() -> None:
    for column in (R(0).normal(size=500), R(1).poisson(4, 500), np.exp(R(2).normal(size=500))):
        far, chance = np.zeros(500, dtype=bool), uniform(numbered(row_keys(column[:, None])))
        assert without_atoms(column.astype(float), far, chance).atoms == ()


def test_a_far_value_is_set_aside() -> None:
    values = R(6).normal(size=(868, 2))
    values[0, 0] = 1e9
    rows = seen(values)
    assert np.flatnonzero(rows.far).tolist() == [0]
    assert rows.numbers[1:].std(axis=0) == pytest.approx(1)


def test_few_columns_stand_for_many() -> None:
    values = R(7).normal(size=(600, 30))
    values[:, :5] += 6 * (np.arange(600) % 2)[:, None]
    rows = seen(values / values.std(axis=0))
    assert 5 <= rows.numbers.shape[1] <= 7
    assert 2 <= seen(R(8).normal(size=(600, 30))).numbers.shape[1] <= 12


def test_nothing_moves_for_the_others_when_rows_are_dropped() -> None:
    values = np.round(R(9).normal(size=(500, 2)) * 3)
    keys = numbered(row_keys(values))
    some = np.arange(500) > 5
    assert uniform(keys, 3)[some] == pytest.approx(uniform(keys[some], 3))


def test_the_log_scale_comes_with_its_jacobian() -> None:
    """The density of log-normal rows, found on the log scale and carried back, integrates to one."""
    rows = np.exp(R(9).normal(size=(4000, 1)))
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    everything = np.arange(4000)
    transformed = log_transformed(rows, everything)
    assert transformed is not None
    logs, log_jacobian = transformed
    order = np.argsort(rows[:, 0])
    x, z = rows[order, 0], logs[order, 0]
    slopes = np.diff(z) / np.diff(x)
    assert np.log(slopes).sum() == pytest.approx(log_jacobian, rel=0.01)
    assert abs(skewness(logs)[0]) < 0.3
    assert log_transformed(R(0).normal(size=(200, 2)), np.arange(200)) is None
    left = log_transformed(-rows, everything)
    assert left is not None
    assert left[1] == pytest.approx(log_jacobian)
    by_sample = log_transformed(rows, everything[::2])
    assert by_sample is not None
    assert np.corrcoef(by_sample[0][:, 0], z[np.argsort(order)])[0, 1] > 0.99
