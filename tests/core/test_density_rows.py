"""Rows made ready for density: spread over their cells, and on the log scale."""

from __future__ import annotations

import numpy as np
import pytest

from segjob.core import density_rows


def test_rows_are_spread_over_their_cells() -> None:
    r = np.random.default_rng(8)
    whole = r.integers(0, 12, 400).astype(float)
    values = np.column_stack([whole, r.integers(0, 2, 400), r.normal(size=400)])
    spread = density_rows.spread_out(values, seed=0)
    assert spread.shape == (400, 2)
    assert len(np.unique(spread[:, 0])) == 400
    assert np.corrcoef(spread[:, 0], whole)[0, 1] > 0.99
    assert spread.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert spread.std(axis=0) == pytest.approx(1)
    assert density_rows.spread_out(values[:, 1:2], seed=0).shape == (400, 1)
    assert density_rows.spread_out(np.zeros((5, 2)), seed=0).shape == (5, 0)
    many = r.normal(size=(100, 20))
    assert density_rows.spread_out(many, seed=0).shape == (100, 12)
    assert density_rows.spread_out(many[:, :4] @ r.normal(size=(4, 20)), seed=0).shape == (100, 4)


def test_the_log_scale_comes_with_its_jacobian() -> None:
    """The density of log-normal rows, found on the log scale and carried back, integrates to one."""
    rows = np.exp(np.random.default_rng(9).normal(size=(4000, 1)))
    rows = density_rows.standardised(rows)
    found = density_rows.log_transformed(rows)
    assert found is not None
    logs, log_jacobian = found
    order = np.argsort(rows[:, 0])
    x, z = rows[order, 0], logs[order, 0]
    slopes = np.diff(z) / np.diff(x)
    assert np.log(slopes).sum() == pytest.approx(log_jacobian, rel=0.01)
    assert abs(density_rows.skewness(logs)[0]) < 0.3
    assert density_rows.log_transformed(np.random.default_rng(0).normal(size=(200, 2))) is None
    left = density_rows.log_transformed(-rows)
    assert left is not None
    assert left[1] == pytest.approx(log_jacobian)
