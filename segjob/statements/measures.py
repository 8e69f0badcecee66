"""What is in the relation: counts, exclusions, moments, repeated keys, categories, quantiles, examples."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, SelectBase

from segjob.config import Feature
from segjob.core.moments import from_sums
from segjob.statements.nearest import index, numbered, numbered_columns, with_columns
from segjob.statements.relation import (
    Relation,
    clipped,
    finite,
    is_finite,
    log1p,
    sampling_key,
    source,
    table,
)
from segjob.statements.sql.elements import Fingerprint, IsNan, Item, Number, Quantiles

MISSING_VALUE = "missing value"
BELOW = "below lower bound"
ABOVE = "above upper bound"
FORGOTTEN = "forgotten"
_FIRST_ROWS = 1000

Problem = Literal["null", "non_finite", "below", "above"]


@dataclass(frozen=True)
class ExcludedRows:
    """How many rows are left out for one reason at one column; a row counts for its first reason only.

    partition : whose rows alone that is; None where the reason is not about one.
    """

    reason: str
    column: str
    rows: int
    partition: str | None = None


@dataclass(frozen=True)
class Moments:
    """A numeric feature over the kept rows where it has a value, after clip and function.

    count : rows with a (finite) value; weight : their summed row weight. missing_weight : the summed
    weight of kept rows without one. nan and inf are counted over all rows of the relation, before anything is excluded.
    Where count is 0, and where only rows were counted, minimum, maximum, mean and variance are NaN.
    """

    column: str
    count: int
    weight: float
    missing_weight: float
    nan: int
    inf: int
    minimum: float
    maximum: float
    mean: float
    variance: float


@dataclass(frozen=True)
class Measured:
    """The answer of `measure`: rows = kept + the rows of all exclusions."""

    rows: int
    null_keys: int
    kept: int
    weight: float
    null_weights: int
    negative_weights: int
    non_finite_weights: int
    exclusions: tuple[ExcludedRows, ...]
    moments: tuple[Moments, ...]
    fingerprint: int


def _numeric(features: Sequence[Feature]) -> list[Feature]:
    return [f for f in features if f.kind == "numeric"]


def _reasons(
    features: Sequence[Feature], values: Sequence[ColumnElement[float]]
) -> list[tuple[str, str, Any]]:
    """(reason, column, condition) in feature order; `values` are finite or NULL."""
    reasons: list[tuple[str, str, Any]] = []
    for f, value in zip(features, values, strict=True):
        if f.missing == "exclude":
            reasons.append((MISSING_VALUE, f.column, value.is_(None)))
        if f.outside == "exclude" and f.lower is not None:
            reasons.append((BELOW, f.column, value < Number(f.lower)))
        if f.outside == "exclude" and f.upper is not None:
            reasons.append((ABOVE, f.column, value > Number(f.upper)))
        if f.function == "log1p" and not (f.lower is not None and f.lower > -1.0):
            reasons.append((BELOW, f.column, _within(f, value) <= Number(-1.0)))
    return reasons


def _within(feature: Feature, value: ColumnElement[float]) -> ColumnElement[float]:
    return clipped(value, feature.lower, feature.upper) if feature.outside == "clip" else value


def _transformed(feature: Feature, value: ColumnElement[float]) -> ColumnElement[float]:
    value = _within(feature, value)
    return log1p(value) if feature.function == "log1p" else value


def _checked(relation: Relation, features: Sequence[Feature], *, transform: bool) -> CTE:
    """Every row with `finite0`, ... (or NULL), `value0`, ... (after clip and function) and its `reason`'s number."""
    numeric = _numeric(features)
    rows = source(
        relation, [f.column for f in numeric], [f.column for f in features if f.kind != "numeric"]
    ).rows
    rows = with_columns(
        rows, "finite_rows", **numbered("finite", map(finite, _number_columns(rows, numeric)))
    )
    values = numbered_columns(rows, "finite", len(numeric))
    reasons = _reasons(numeric, values)
    reason: ColumnElement[Any] = sa.cast(sa.null(), sa.Integer())
    if reasons:
        reason = sa.case(*((condition, index(i)) for i, (_, _, condition) in enumerate(reasons)))
    rows = with_columns(rows, "reasoned_rows", reason=reason)
    prepare = _transformed if transform else _within
    prepared = [
        prepare(f, value)
        for f, value in zip(numeric, numbered_columns(rows, "finite", len(numeric)), strict=True)
    ]
    if reasons:
        prepared = [sa.case((rows.c["reason"].is_(None), value)) for value in prepared]
    return with_columns(rows, "checked_rows", **numbered("value", prepared))


def _number_columns(rows: CTE, numeric: Sequence[Feature]) -> list[ColumnElement[float]]:
    """`number0`, ... by feature: two features may prepare one column in two ways."""
    order = {name: i for i, name in enumerate(dict.fromkeys(f.column for f in numeric))}
    return [rows.c[f"number{order[f.column]}"] for f in numeric]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return sa.func.count(sa.case((condition, index(1))), type_=sa.BigInteger())


def first_means(relation: Relation, features: Sequence[Feature]) -> SelectBase:
    """Near what do the features lie? `near0`, `near1`, ...: means of the first thousand rows, NULL without a value."""
    rows = _checked(relation, features, transform=True)
    first = sa.select(rows).limit(_FIRST_ROWS).cte("first_rows")
    numeric = range(len(_numeric(features)))
    means: list[ColumnElement[float]] = [
        sa.func.avg(first.c[f"value{i}"], type_=sa.Double()).label(f"near{i}") for i in numeric
    ]
    return sa.select(sa.func.count().label("rows"), *means).select_from(first)


def measure(
    relation: Relation, features: Sequence[Feature], near: Mapping[str, Any] | None = None
) -> SelectBase:
    """How many rows are there, which are excluded and why, what are the features' moments? One scan, one row.

    Of a relation with partitions one row for each, with its value as `part`.

    `near` is the row of `first_means`: moments are sums of distances from it, so that no digits are lost far from 0.
    Without it there are no moments, and half as much work.
    `read_measure` turns the answer into values.
    """
    numeric = _numeric(features)
    rows = _checked(relation, features, transform=True)
    weight = rows.c["row_weight"] if relation.row_weight is not None else None
    columns = [sa.func.count().label("rows"), _count(rows.c["row_key"].is_(None)).label("null_keys")]
    columns.append(_count(rows.c["reason"].is_(None)).label("kept"))
    reasons = _reasons(numeric, numbered_columns(rows, "finite", len(numeric)))
    columns += [_count(rows.c["reason"] == index(i)).label(f"excluded{i}") for i in range(len(reasons))]
    columns += _weight_columns(weight, rows.c["reason"])
    for i, r in enumerate(_number_columns(rows, numeric)):
        columns += _count_columns(i, r, rows, weight)
        if near is not None:
            columns += _moment_columns(i, rows.c[f"value{i}"], float(near.get(f"near{i}") or 0.0), weight)
    measured: Any = sa.select(*columns, _fingerprint(rows)).select_from(rows)
    return measured if relation.partition is None else by_partition(measured, rows)


def by_partition(select: sa.Select[Any], rows: CTE) -> sa.Select[Any]:
    """The aggregates of a select for each value of the column of partitions, `part`, in their order."""
    return select.add_columns(rows.c["part"]).group_by(rows.c["part"]).order_by(rows.c["part"])


def fingerprint(relation: Relation, features: Sequence[Feature]) -> SelectBase:
    """Are the rows still those that were measured? One row: `fingerprint`, as `measure` answers it."""
    rows = source(
        relation,
        [f.column for f in _numeric(features)],
        [f.column for f in features if f.kind != "numeric"],
    ).rows
    return sa.select(_fingerprint(rows))


def _fingerprint(rows: CTE) -> ColumnElement[int]:
    """Of the key, the row weight and the columns as they stand."""
    content = [c for c in rows.c if c.name.startswith(("row_key", "row_weight", "part", "number", "text"))]
    return Fingerprint(*content).label("fingerprint")


def _weight_columns(weight: ColumnElement[float] | None, reason: ColumnElement[int]) -> list[Any]:
    if weight is None:
        return []
    return [
        sa.func.sum(sa.case((reason.is_(None), finite(weight))), type_=sa.Double()).label("weight"),
        _count(weight.is_(None)).label("null_weights"),
        _count(sa.and_(weight < Number(0.0), is_finite(weight))).label("negative_weights"),
        _count(sa.not_(is_finite(weight))).label("non_finite_weights"),
    ]


def _count_columns(
    i: int, raw: ColumnElement[float], rows: CTE, weight: ColumnElement[float] | None
) -> list[Any]:
    value = rows.c[f"value{i}"]
    columns = [
        sa.func.count(value).label(f"count{i}"),
        _count(IsNan(raw)).label(f"nan{i}"),
        (sa.func.count(raw) - sa.func.count(rows.c[f"finite{i}"])).label(f"non_finite{i}"),
    ]
    if weight is not None:
        present = sa.case((value.is_not(None), weight))
        columns.append(sa.func.sum(present, type_=sa.Double()).label(f"weight{i}"))
    return columns


def _moment_columns(
    i: int, value: ColumnElement[float], near: float, weight: ColumnElement[float] | None
) -> list[Any]:
    away = value - Number(near)
    first, second = (away, away * away) if weight is None else (away * weight, away * away * weight)
    return [
        sa.func.min(value).label(f"minimum{i}"),
        sa.func.max(value).label(f"maximum{i}"),
        Number(near).label(f"near{i}"),
        sa.func.sum(first, type_=sa.Double()).label(f"first{i}"),
        sa.func.sum(second, type_=sa.Double()).label(f"second{i}"),
    ]


def read_measure(row: Mapping[str, Any], features: Sequence[Feature]) -> Measured:
    """The row that `measure` answered, as values; `features` are the same as there."""
    numeric = _numeric(features)
    kept = int(row["kept"])
    weight = float(row["weight"] or 0.0) if "weight" in row else float(kept)
    reasons = _reasons(numeric, [sa.column("f") for _ in numeric])
    return Measured(
        rows=int(row["rows"]),
        null_keys=int(row["null_keys"]),
        kept=kept,
        weight=weight,
        null_weights=int(row.get("null_weights", 0)),
        negative_weights=int(row.get("negative_weights", 0)),
        non_finite_weights=int(row.get("non_finite_weights", 0)),
        exclusions=_merged(
            [
                ExcludedRows(name, column, int(row[f"excluded{i}"]))
                for i, (name, column, _) in enumerate(reasons)
            ]
        ),
        moments=tuple(_moments(row, i, f.column, weight) for i, f in enumerate(numeric)),
        fingerprint=int(row["fingerprint"] or 0),
    )


def _merged(exclusions: Sequence[ExcludedRows]) -> tuple[ExcludedRows, ...]:
    """One entry per reason and column (a bound and log1p's own limit are one reason), empty ones left out."""
    rows: dict[tuple[str, str], int] = {}
    for e in exclusions:
        rows[e.reason, e.column] = rows.get((e.reason, e.column), 0) + e.rows
    return tuple(ExcludedRows(reason, column, n) for (reason, column), n in rows.items() if n)


def _moments(row: Mapping[str, Any], i: int, column: str, total_weight: float) -> Moments:
    count, nan = int(row[f"count{i}"]), int(row[f"nan{i}"])
    weight = float(row[f"weight{i}"] or 0.0) if f"weight{i}" in row else float(count)
    inf = int(row[f"non_finite{i}"]) - nan
    if not count or weight <= 0.0 or f"near{i}" not in row:
        return Moments(column, count, weight, total_weight - weight, nan, inf, *[math.nan] * 4)
    low, high = float(row[f"minimum{i}"]), float(row[f"maximum{i}"])
    mean, variance = from_sums(
        float(row[f"near{i}"]), weight, float(row[f"first{i}"]), float(row[f"second{i}"])
    )
    if low == high:  # rounding in the mean of equal numbers must not look like variance
        mean, variance = low, 0.0
    return Moments(column, count, weight, total_weight - weight, nan, inf, low, high, mean, variance)


def repeated_keys(relation: Relation, limit: int = 3) -> SelectBase:
    """Which keys occur more than once? `row_key`, `rows`; the most repeated first, at most `limit`."""
    key = table(relation, [relation.key]).c[relation.key]
    rows = sa.func.count()
    repeated = sa.select(key.label("row_key"), rows.label("rows")).where(key.is_not(None)).group_by(key)
    return repeated.having(rows > index(1)).order_by(rows.desc(), key).limit(limit)


def examples(
    relation: Relation, column: str, problem: Problem, bound: float | None = None, limit: int = 3
) -> SelectBase:
    """Which rows show the problem? `row_key`, `value` as it stands in the column; at most `limit`, by key.

    `below` and `above` take a bound. A null key is the problem `null` of the key column itself.
    """
    c = table(relation, [relation.key, column]).c
    value = c[column]
    condition: ColumnElement[bool]
    if problem == "null":
        condition = value.is_(None)
    elif problem == "non_finite":
        condition = sa.not_(is_finite(relation.number(value)))
    elif problem == "below":
        condition = finite(relation.number(value)) < Number(float(bound or 0.0))
    else:
        condition = finite(relation.number(value)) > Number(float(bound or 0.0))
    key = c[relation.key]
    return sa.select(key.label("row_key"), value.label("value")).where(condition).order_by(key).limit(limit)


def quantiles(
    relation: Relation,
    features: Sequence[Feature],
    qs: Sequence[float],
    *,
    share: float = 1.0,
    seed: int = 0,
) -> SelectBase:
    """What are the exact quantiles of the numeric features? One row: `quantile0_0`, ... (feature, quantile).

    Over the kept rows that have a value, after the clip but before the function (the quantile of log1p is log1p of
    the quantile), linearly interpolated; row weights are not used. NULL for a feature without values. The values are
    sorted in memory: below a share of 1 only those of the rows that a hash of the key samples. Of a relation with
    partitions one row for each, with its value as `part`.
    """
    rows = _checked(relation, features, transform=False)
    numeric = _numeric(features)
    arrays: Any = sa.select(
        *(Quantiles(rows.c[f"value{i}"], qs).label(f"quantiles{i}") for i in range(len(numeric)))
    )
    if share < 1.0:
        arrays = arrays.where(sampling_key(rows.c["row_key"], seed) < Number(share))
    if relation.partition is not None:
        arrays = by_partition(arrays, rows)
    array_row = arrays.cte("quantile_arrays")
    part = [] if relation.partition is None else [array_row.c["part"]]
    return sa.select(
        *part,
        *(
            Item(array_row.c[f"quantiles{i}"], j + 1).label(f"quantile{i}_{j}")
            for i in range(len(numeric))
            for j in range(len(qs))
        ),
    )


def categories(relation: Relation, feature: Feature, features: Sequence[Feature] = ()) -> SelectBase:
    """Which categories does a column hold? `category` (NULL is `MISSING`), `rows`, `weight`; largest first.

    Over the rows that `features` keep: all rows where none are given.
    """
    requested = [*(f for f in features if f.kind == "numeric"), feature]
    rows = _checked(relation, requested, transform=False)
    category = rows.c["text0"]
    n = sa.func.count()
    weight = sa.cast(n, sa.Double()) if relation.row_weight is None else sa.func.sum(rows.c["row_weight"])
    counted = sa.select(category.label("category"), n.label("rows"), weight.label("weight"))
    return counted.where(rows.c["reason"].is_(None)).group_by(category).order_by(n.desc(), category)
