"""What a report shows of the rows: a bounded sample with every segment in it, histograms, correlations, counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, SelectBase

from segjob.core.model import Model, Partitions, Transform
from segjob.statements.nearest import index, numbered, numbered_columns, with_columns
from segjob.statements.partitions import rows_of
from segjob.statements.relation import (
    Relation,
    category_of,
    finite,
    log1p,
    named,
    sampling_key,
    source,
    table,
)
from segjob.statements.sql.elements import Number

_SPARE = 1.3
_SPARE_ROWS = 40
"""A sampling key below share * _SPARE + _SPARE_ROWS / rows gives too few rows about once in a million segments."""


@dataclass(frozen=True)
class HistogramBins:
    """Equal bins of a column between two values; a value beyond them counts for the first or the last bin.

    lower, upper : in the unit after `function`; count : number of bins.
    """

    column: str
    function: Literal["identity", "log1p"]
    lower: float
    upper: float
    count: int


def segment_sample(
    relation: Relation,
    transforms: Sequence[Transform],
    history: sa.Table,
    run_id: int,
    quotas: Mapping[int, tuple[int, int]],
    seed: int,
    partitions: Partitions | None = None,
) -> SelectBase:
    """Which customers stand for each segment? Those with the smallest sampling keys, up to a quota per segment.

    Only the sampled keys are joined to the relation, so the join is small at any size.

    Parameters
    ----------
    quotas : segment -> (rows it has, rows to sample).
    partitions : of the model, if it has any.

    Returns
    -------
    `segment_id`, `is_outlier`, `x0`, `x1`, ... (scaled coordinates), by segment and sampling key. Customers whom the
    relation does not hold any more, or not with values that the model can score, are left out.
    """
    key = history.c[relation.key]
    chance = sampling_key(key, seed)
    below = sa.case(
        *(
            (history.c.segment_id == index(segment), Number(_share(*quota)))
            for segment, quota in quotas.items()
        ),
        else_=Number(0.0),
    )
    candidates = (
        sa.select(
            key.label("row_key"), history.c.segment_id, history.c.is_outlier, chance.label("sampling_key")
        )
        .where(history.c.run_id == sa.literal(run_id, sa.BigInteger()), chance < below)
        .cte("candidates")
    )
    place = sa.func.row_number().over(
        partition_by=candidates.c.segment_id, order_by=(candidates.c.sampling_key, candidates.c.row_key)
    )
    ranked = sa.select(candidates, place.label("place")).cte("ranked")
    quota_of = sa.case(
        *((ranked.c.segment_id == index(segment), index(quota)) for segment, (_, quota) in quotas.items()),
        else_=index(0),
    )
    chosen = sa.select(ranked).where(ranked.c.place <= quota_of).cte("chosen")
    p = rows_of(relation, Model.without_segments(tuple(transforms), partitions))
    # Arrays hold numbers, and PostgreSQL casts no boolean to a float64.
    is_outlier = sa.case((chosen.c.is_outlier, index(1)), else_=index(0)).label("is_outlier")
    return (
        sa.select(chosen.c.segment_id, is_outlier, *p.x)
        .select_from(chosen.join(p.rows, p.key == chosen.c.row_key))
        .order_by(chosen.c.segment_id, chosen.c.sampling_key, chosen.c.row_key)
    )


def _share(rows: int, quota: int) -> float:
    return 1.0 if quota >= rows else min(1.0, (quota * _SPARE + _SPARE_ROWS) / rows)


def overview(relation: Relation, columns: Sequence[str]) -> SelectBase:
    """What do the columns hold? One scan, one row.

    Columns: `rows`; per column i `null{i}`, `non_finite{i}` (NaN and the infinities), `minimum{i}`, `maximum{i}`,
    `mean{i}`. Nothing is clipped or imputed.
    """
    rows = _finite_rows(relation, columns)
    answered: list[ColumnElement[Any]] = [sa.func.count().label("rows")]
    for i in range(len(columns)):
        number_or_nan, value = rows.c[f"number{i}"], rows.c[f"finite{i}"]
        answered += [
            (sa.func.count() - sa.func.count(number_or_nan)).label(f"null{i}"),
            (sa.func.count(number_or_nan) - sa.func.count(value)).label(f"non_finite{i}"),
            sa.func.min(value).label(f"minimum{i}"),
            sa.func.max(value).label(f"maximum{i}"),
            sa.func.avg(value, type_=sa.Double()).label(f"mean{i}"),
        ]
    return sa.select(*answered).select_from(rows)


def _finite_rows(relation: Relation, columns: Sequence[str]) -> CTE:
    """`number0`, ... as float64, and `finite0`, ...: the same, NULL where it is not finite."""
    rows = source(relation, columns, ()).rows
    finite_values = map(finite, numbered_columns(rows, "number", len(columns)))
    return with_columns(rows, "finite_rows", **numbered("finite", finite_values))


def correlations(relation: Relation, columns: Sequence[str], means: Sequence[float | None]) -> SelectBase:
    """Which columns go together? One scan, one row, for `read_correlations`.

    Pearson's, over the rows where both are finite. Columns that have a value in every row need one sum per pair,
    which is five times faster than the engine's own `corr`; only the others are left to that.

    Parameters
    ----------
    means : of the columns that have a value in every row, None for the others.
    """
    rows = _finite_rows(relation, columns)
    away = [
        rows.c[f"finite{i}"] if mean is None else rows.c[f"finite{i}"] - Number(mean)
        for i, mean in enumerate(means)
    ]
    answered: list[ColumnElement[Any]] = [sa.func.count().label("rows")]
    for i, one in enumerate(away):
        if means[i] is not None:
            answered.append(sa.func.sum(one, type_=sa.Double()).label(f"first{i}"))
            answered.append(sa.func.sum(one * one, type_=sa.Double()).label(f"second{i}"))
        for j, other in enumerate(away[:i]):
            if means[i] is not None and means[j] is not None:
                answered.append(sa.func.sum(one * other, type_=sa.Double()).label(f"product{i}_{j}"))
            else:
                answered.append(sa.func.corr(one, other, type_=sa.Double()).label(f"corr{i}_{j}"))
    return sa.select(*answered).select_from(rows)


def read_correlations(row: Mapping[str, Any], count: int) -> list[list[float | None]]:
    """The (count, count) matrix of the row that `correlations` answered; None where it is not defined."""
    n = row["rows"]

    def central(product: float, i: int, j: int) -> float:
        return float(product / n - row[f"first{i}"] / n * (row[f"first{j}"] / n))

    def pair(i: int, j: int) -> float | None:
        if f"product{i}_{j}" not in row:
            own = row[f"corr{i}_{j}"]
            return None if own is None or not math.isfinite(own) else float(own)
        spread = central(row[f"second{i}"], i, i) * central(row[f"second{j}"], j, j)
        if not spread > 0:
            return None
        return max(-1.0, min(1.0, central(row[f"product{i}_{j}"], i, j) / math.sqrt(spread)))

    return [[1.0 if i == j else pair(max(i, j), min(i, j)) for j in range(count)] for i in range(count)]


def histogram(relation: Relation, bins: HistogramBins, by: str | None = None) -> SelectBase:
    """How many customers are in each bin, in each group? `grp` (NULL without `by`), `bin`, `rows`.

    Only bins that hold somebody are answered; missing values and NaN are left out. A group is the text of column
    `by`, with `MISSING` for NULL; groups must be few.
    """
    names = [bins.column, *([by] if by is not None else [])]
    c = table(relation, names).c
    group = sa.cast(sa.null(), sa.Text()) if by is None else category_of(c[by])
    value = finite(relation.number(c[bins.column]))
    rows = sa.select(group.label("grp"), value.label("value")).cte("value_rows")
    moved = log1p(rows.c["value"]) if bins.function == "log1p" else rows.c["value"]
    per_unit = bins.count / (bins.upper - bins.lower)
    position: ColumnElement[float] = sa.func.floor(
        (moved - Number(bins.lower)) * Number(per_unit), type_=sa.Double()
    )
    top = Number(float(bins.count - 1))
    within = sa.case(
        (position < Number(0.0), Number(0.0)), (position > top, top), else_=position
    )  # before the cast: a far value would overflow it
    placed = sa.select(rows.c["grp"], within.label("bin")).where(moved.is_not(None)).cte("placed_rows")
    counted = sa.select(placed.c["grp"], sa.cast(placed.c["bin"], sa.Integer()).label("bin"))
    return (
        counted.add_columns(sa.func.count().label("rows"))
        .group_by(placed.c["grp"], placed.c["bin"])
        .order_by(placed.c["grp"], placed.c["bin"])
    )


def largest_groups(relation: Relation, column: str, limit: int) -> SelectBase:
    """Which texts does a column hold most? `category` (NULL is `MISSING`), `rows`; at most `limit`."""
    category = category_of(table(relation, [column]).c[column])
    rows = sa.func.count()
    counted = sa.select(category.label("category"), rows.label("rows")).group_by(category)
    return counted.order_by(rows.desc(), category).limit(limit)


NEAR = 0.1
"""A customer is near a border if the runner-up's centroid is less than a tenth further away than the own."""
NEAR_LOG_ODDS = math.log(2)
"""The same for a Gaussian mixture: the own segment is less than twice as likely as the runner-up."""


def segment_counts(history: sa.Table, run_id: int, *, is_mixture: bool = False) -> SelectBase:
    """How many customers does each segment of a run hold? `segment_id`, `rows`, `outliers`, `near_border`."""
    margin = history.c.margin
    near = margin < (Number(NEAR_LOG_ODDS) if is_mixture else Number(NEAR) * history.c.distance)
    return (
        sa.select(
            history.c.segment_id,
            sa.func.count().label("rows"),
            sa.func.count(sa.case((history.c.is_outlier, index(1)))).label("outliers"),
            sa.func.count(sa.case((near, index(1)))).label("near_border"),
        )
        .where(history.c.run_id == sa.literal(run_id, sa.BigInteger()))
        .group_by(history.c.segment_id)
        .order_by(history.c.segment_id)
    )


def crossed(first: sa.Table, first_run: int, second: sa.Table, second_run: int, key: str) -> SelectBase:
    """How many rows do each two segments of two segmentations share? `first_id`, `second_id`, `rows`.

    first, second : their histories, by the same key.
    """
    a, b = first.alias("first_history"), second.alias("second_history")
    return (
        sa.select(
            a.c.segment_id.label("first_id"),
            b.c.segment_id.label("second_id"),
            sa.func.count().label("rows"),
        )
        .select_from(a.join(b, a.c[key] == b.c[key]))
        .where(
            a.c.run_id == sa.literal(first_run, sa.BigInteger()),
            b.c.run_id == sa.literal(second_run, sa.BigInteger()),
        )
        .group_by(a.c.segment_id, b.c.segment_id)
        .order_by(a.c.segment_id, b.c.segment_id)
    )


def keyed_history(schema: str, segmentation: str, key: str) -> sa.Table:
    """`<s>_history` to read from: the key's type does not matter for that."""
    names = ("run_id", "segment_id", "distance", "margin", "is_outlier")
    columns: list[sa.Column[Any]] = [sa.Column(name) for name in names]
    return sa.Table(
        f"{segmentation}_history", sa.MetaData(), sa.Column(named(key)), *columns, schema=schema, quote=True
    )
