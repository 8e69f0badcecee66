from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa

from segjob.statements.nearest import (
    index,
    least,
    numbered_columns,
    position_of_least,
    runner_up,
    with_columns,
)


def rows_of(values: np.ndarray, *more: list[None]) -> sa.CTE:
    """A step with the columns v0, v1, ... of these rows."""
    columns = [sa.column(f"v{i}", sa.Double()) for i in range(values.shape[1])]
    rows = sa.values(*columns, name="made").data([tuple(row) for row in [*values.tolist(), *more]])
    return sa.select(*columns).select_from(rows).cte("rows")


@pytest.mark.parametrize("count", [1, 2, 20, 21, 60])
def test_the_first_of_equals_is_the_least_however_many_there_are(duckdb: sa.Connection, count: int) -> None:
    values = np.random.default_rng(count).integers(-3, 9, (200, count)).astype(float)
    rows, smallest = position_of_least(
        rows_of(values, [None] * count), "v", lambda _: list(map(index, range(count))), nullable=True
    )
    answer = duckdb.execute(sa.select(smallest, least(numbered_columns(rows, "v", count))))
    found = [tuple(row) for row in answer]
    assert found[:-1] == list(zip(values.argmin(axis=1), values.min(axis=1), strict=True))
    assert found[-1][0] is None


@pytest.mark.parametrize("count", [2, 11, 20, 21, 40])
def test_the_runner_up_is_the_least_of_the_others(duckdb: sa.Connection, count: int) -> None:
    values = np.random.default_rng(count).permutation(200 * count).reshape(200, count).astype(float)
    names = [index(i) for i in range(count)]
    rows, smallest = position_of_least(rows_of(values), "v", lambda _: names)
    rows = with_columns(rows, "first", chosen=smallest)
    rows, second = runner_up(rows, "chosen", "v", lambda _: names)
    found = [position for (position,) in duckdb.execute(sa.select(second).select_from(rows))]
    assert found == np.argsort(values, axis=1)[:, 1].tolist()


def test_the_text_grows_with_the_number_and_not_with_its_square() -> None:
    """DuckDB writes what a CASE compares once for each of its branches, and a view is stored as it writes it."""
    lengths = []
    for count in (50, 100):
        names = [index(i) for i in range(count)]
        rows, smallest = position_of_least(rows_of(np.zeros((1, count))), "v", lambda _, names=names: names)
        rows = with_columns(rows, "first", chosen=smallest)
        rows, second = runner_up(rows, "chosen", "v", lambda _, names=names: names)
        operands = [str(case.value) for case in (smallest, second)]
        assert all(len(operand) < 40 for operand in operands)
        lengths.append(len(str(sa.select(second))))
    assert lengths[1] < 2.2 * lengths[0]
