"""The relation's rows as a model sees them: which of them it can score, and where they stand in its space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE

from segjob.core.model import Transform
from segjob.statements.relation import (
    Relation,
    Source,
    clipped,
    finite,
    is_finite,
    log1p,
    measured,
    sampling_key,
    source,
)
from segjob.statements.sql.elements import MAX_DOUBLE, Number


def source_of(relation: Relation, transforms: Sequence[Transform], measures: Sequence[str] = ()) -> Source:
    """The source rows of a model, with the columns of `measures` as numbers."""
    return source(
        relation,
        [*(t.source_column for t in transforms if t.function != "one_hot"), *measures],
        [t.source_column for t in transforms if t.function == "one_hot"],
    )


def in_units(value: ColumnElement[float], transform: Transform) -> ColumnElement[float]:
    """The value before the function: imputed and clipped."""
    if transform.impute_value is not None:
        value = sa.case((is_finite(value), value), else_=Number(transform.impute_value))
    if transform.outside == "clip":
        value = clipped(value, transform.lower_bound, transform.upper_bound)
    return value


def one_hot(transform: Transform, texts: dict[str, ColumnElement[str]]) -> ColumnElement[float]:
    """1 where the column's text is the transform's category, else 0."""
    matches = texts[transform.source_column] == sa.literal(transform.category, sa.Text())
    return sa.case((matches, Number(1.0)), else_=Number(0.0))


def value_of(
    transform: Transform, numbers: dict[str, ColumnElement[float]], texts: dict[str, ColumnElement[str]]
) -> ColumnElement[float]:
    """The value after the function and before the scale; not defined where the row is excluded."""
    if transform.function == "one_hot":
        return one_hot(transform, texts)
    value = in_units(numbers[transform.source_column], transform)
    return log1p(value) if transform.function == "log1p" else value


def coordinate(
    transform: Transform, numbers: dict[str, ColumnElement[float]], texts: dict[str, ColumnElement[str]]
) -> ColumnElement[float]:
    """One coordinate of the model, from the source's columns; not defined where the row is excluded."""
    value = value_of(transform, numbers, texts)
    if transform.center != 0.0:
        value = value - Number(transform.center)
    factor = transform.weight / transform.scale
    return value * Number(factor) if factor != 1.0 else value


_FAR = 1e3


@dataclass(frozen=True)
class Line:
    """How a column u of unscaled points becomes a coordinate: x = u * factor + offset, where u = value - origin.

    The origin is 0, so that u costs nothing, unless the values lie so far from 0 that sums would lose digits.
    """

    origin: float
    factor: float
    offset: float

    @classmethod
    def of(cls, transform: Transform) -> Line:
        """The line of one transform."""
        factor = transform.weight / transform.scale
        origin = transform.center if abs(transform.center) > _FAR * abs(transform.scale) else 0.0
        return cls(origin, factor, (origin - transform.center) * factor)


def inclusion_conditions(
    transforms: Sequence[Transform], numbers: dict[str, ColumnElement[float]]
) -> list[ColumnElement[bool]]:
    """The conditions, all of which hold for a row that the model can score."""
    conditions: list[ColumnElement[bool]] = []
    for t in transforms:
        if t.function == "one_hot":
            continue
        excludes = t.outside == "exclude"
        low = t.lower_bound if excludes and t.lower_bound is not None else -MAX_DOUBLE
        high = t.upper_bound if excludes and t.upper_bound is not None else MAX_DOUBLE
        value = in_units(numbers[t.source_column], t)
        if t.impute_value is None:
            raw = numbers[t.source_column]
            conditions.append(raw.between(Number(low), Number(high)))
        elif (low, high) != (-MAX_DOUBLE, MAX_DOUBLE):
            conditions.append(value.between(Number(low), Number(high)))
        if t.function == "log1p" and not (t.lower_bound is not None and t.lower_bound > -1.0):
            conditions.append(value > Number(-1.0))
    return conditions


@dataclass(frozen=True)
class ModelRows:
    """The rows that a model sees: `row_key`, `row_weight` where there is one, and the columns of `x`."""

    rows: CTE
    key: ColumnElement[Any]
    weight: ColumnElement[float] | None
    x: list[ColumnElement[float]]


def model_rows(
    relation: Relation,
    transforms: Sequence[Transform],
    *,
    scaled: bool = True,
    keep_excluded: bool = False,
    keep_raw: bool = False,
    measures: Sequence[str] = (),
    share: float | None = None,
    seed: int = 0,
) -> ModelRows:
    """Where does each row stand in the model's space? `x0`, `x1`, ...: x = (value - center) / scale * weight.

    Without `scaled`, `u0`, `u1`, ... of each `Line` instead: linear forms do without the scaling.
    `keep_excluded` leaves no row out, but gives NULL for x0 where the model cannot score it; `keep_raw` adds `raw0`,
    `raw1`, ..., the raw values by transform (NULL where there is none, 0 or 1 for a one-hot column) and then by column
    of `measures`; `share` keeps those whose sampling key is below it.
    """
    rows = source_of(relation, transforms, measures)
    columns: list[ColumnElement[Any]] = [rows.key.label("row_key")]
    if rows.weight is not None:
        columns.append(rows.weight.label("row_weight"))
    make, letter = (coordinate, "x") if scaled else (_unscaled, "u")
    conditions = inclusion_conditions(transforms, rows.numbers)
    x = [make(t, rows.numbers, rows.texts) for t in transforms]
    if keep_excluded and conditions:
        x[0] = sa.case((sa.and_(*conditions), x[0]))
    columns += [value.label(f"{letter}{j}") for j, value in enumerate(x)]
    if keep_raw:
        raw = [_raw_value(t, rows) for t in transforms]
        raw += [measured(rows.numbers[column]) for column in measures]
        columns += [value.label(f"raw{j}") for j, value in enumerate(raw)]
    formula = "/* x = (value - center) / scale * weight */" if scaled else "/* u = value - origin */"
    statement = sa.select(*columns).prefix_with(sa.text(formula))
    if conditions and not keep_excluded:
        statement = statement.where(*conditions)
    if share is not None:
        statement = statement.where(sampling_key(rows.key, seed) < Number(share))
    selected = statement.cte("scaled" if scaled else "prepared")
    return ModelRows(
        rows=selected,
        key=selected.c["row_key"],
        weight=selected.c["row_weight"] if rows.weight is not None else None,
        x=[selected.c[f"{letter}{j}"] for j in range(len(transforms))],
    )


def _unscaled(
    transform: Transform, numbers: dict[str, ColumnElement[float]], texts: dict[str, ColumnElement[str]]
) -> ColumnElement[float]:
    origin = Line.of(transform).origin
    value = value_of(transform, numbers, texts)
    return value - Number(origin) if origin != 0.0 else value


def _raw_value(transform: Transform, rows: Source) -> ColumnElement[float]:
    if transform.function == "one_hot":
        return one_hot(transform, rows.texts)
    return finite(rows.numbers[transform.source_column])
