from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa

from segjob.statements.nearest import index, least, position_of_least, runner_up


@pytest.mark.parametrize("count", [1, 2, 20, 21, 60])
def test_the_first_of_equals_is_the_least_however_many_there_are(duckdb: sa.Connection, count: int) -> None:
    values = np.random.default_rng(count).integers(-3, 9, (200, count)).astype(float)
    columns = [sa.column(f"v{i}", sa.Double()) for i in range(count)]
    rows = sa.values(*columns, name="rows").data([tuple(row) for row in [*values.tolist(), [None] * count]])
    smallest = position_of_least(columns, nullable=True)
    answer = duckdb.execute(sa.select(smallest, position_of_least(columns), least(columns)).select_from(rows))
    found = [tuple(row) for row in answer]
    nearest, lowest = values.argmin(axis=1), values.min(axis=1)
    assert found[:-1] == list(zip(nearest, nearest, lowest, strict=True))
    assert found[-1][0] is None


@pytest.mark.parametrize("count", [2, 11, 20, 21, 40])
def test_the_runner_up_is_the_least_of_the_others(duckdb: sa.Connection, count: int) -> None:
    values = np.random.default_rng(count).permutation(200 * count).reshape(200, count).astype(float)
    columns = [sa.column(f"v{i}", sa.Double()) for i in range(count)]
    rows = sa.values(*columns, name="rows").data([tuple(row) for row in values.tolist()])
    names = [index(i) for i in range(count)]
    second = runner_up(position_of_least(columns), names, columns)
    found = [position for (position,) in duckdb.execute(sa.select(second).select_from(rows))]
    assert found == np.argsort(values, axis=1)[:, 1].tolist()
