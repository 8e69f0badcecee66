"""Relation -> transforms, counts, exclusions and fit rows: what is known before anything is fitted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segjob.config import Feature, FitSettings
from segjob.core.model import Points, Transform
from segjob.core.moments import fold_imputed
from segjob.errors import DataError, RelationChanged, SegjobError, StatementFailed, all_at_once
from segjob.jobs.check import Resolved
from segjob.jobs.keys import repeated
from segjob.statements import measures, passes
from segjob.statements.ddl import CreateAs, DropTable
from segjob.statements.features import Relation, raw
from segjob.statements.measures import Measured, Moments
from segjob.warehouse.base import Warehouse

SNAPSHOT = "segjob_rows"
MAX_CATEGORIES = 30
_DIGITS = 12
_FURTHEST = 1e15
"""Scaled coordinates from here on are refused: k-means squares and sums them, in single precision at first."""


@dataclass(frozen=True)
class Prepared:
    """What a relation holds and how its rows become points.

    relation : what the statements read; a temporary snapshot where the user's relation is a view.
    """

    resolved: Resolved
    relation: Relation
    measured: Measured
    transforms: tuple[Transform, ...]


def snapshot(warehouse: Warehouse, resolved: Resolved) -> Relation:
    """The rows that every later statement reads: the table itself, or a copy of the view's answer made once.

    Raises
    ------
    DataError : the view's own query fails.
    """
    if resolved.is_table:
        return resolved.relation
    warehouse.execute(DropTable(SNAPSHOT))
    try:
        warehouse.execute(
            CreateAs("temporary table", SNAPSHOT, raw(resolved.relation, resolved.settings.features))
        )
    except StatementFailed as failure:
        if failure.hint:  # not the view's fault: memory, for one
            raise
        problem = DataError(
            f"view {resolved.settings.relation} cannot be read: {failure.words}",
            hint="its own query fails: mend the view, or the file behind it",
        )
        problem.statement = failure.statement
        raise problem from failure
    return dataclasses.replace(resolved.relation, name=SNAPSHOT, schema=None)


def measure(warehouse: Warehouse, resolved: Resolved, relation: Relation) -> Measured:
    """Count and measure in one scan, and refuse what cannot be segmented.

    Raises
    ------
    DataError : with everything that is wrong with the rows.
    """
    features = resolved.settings.features
    row = warehouse.records(measures.measure(relation, features))[0]
    measured = measures.read_measure(row, features)
    where = resolved.settings.relation
    if measured.rows == 0:
        raise DataError(f"{where} has no rows", hint="has `dbt run` filled it?")
    problems = [
        *_key_problems(warehouse, relation, measured, where),
        *_weight_problems(warehouse, relation, measured),
        *_value_problems(warehouse, relation, measured, features, where),
    ]
    if problems:
        raise all_at_once(DataError, problems)
    if measured.kept == 0:
        told = ", ".join(f"{e.column}: {e.reason} ({e.rows:,} rows)" for e in measured.exclusions)
        raise DataError(
            f"no row of {where} is left: {told}", hint="impute missing values, or widen the bounds"
        )
    return measured


def refuse_changed(warehouse: Warehouse, prepared: Prepared) -> None:
    """Make sure, under the write lock, that the table still holds the rows that were measured.

    Raises
    ------
    RelationChanged : it does not.
    """
    if not (warehouse.may_have_changed and prepared.resolved.is_table):
        return
    features = prepared.resolved.settings.features
    row = warehouse.records(measures.measure(prepared.relation, features))[0]
    if measures.read_measure(row, features).fingerprint != prepared.measured.fingerprint:
        raise RelationChanged(
            f"{prepared.resolved.settings.relation} was written to during the run",
            hint="run again when nothing else writes to it",
        )


def transforms(
    warehouse: Warehouse, resolved: Resolved, relation: Relation, measured: Measured
) -> tuple[Transform, ...]:
    """How each coordinate is made.

    Raises
    ------
    DataError : features that hold one value only, or too many categories.
    """
    settings = resolved.settings
    numeric = [feature for feature in settings.features if feature.kind == "numeric"]
    moments = {m.column: m for m in measured.moments}
    quartiles = _quartiles(warehouse, relation, resolved, numeric)
    made: list[Transform] = []
    problems: list[SegjobError] = []
    for feature in settings.features:
        try:
            if feature.kind == "categorical":
                made.extend(_one_hot(warehouse, relation, feature, settings.features))
            else:
                scale = feature.scale or settings.scale
                made.append(_numeric(feature, scale, moments[feature.column], quartiles.get(feature.column)))
        except DataError as problem:
            problems.append(problem)
    if problems:
        raise all_at_once(DataError, problems)
    return tuple(made)


def fit_rows(warehouse: Warehouse, prepared: Prepared, settings: FitSettings, seed: int) -> Points:
    """The bounded rows to fit on: all, the distinct ones with their counts, or a repeatable sample."""
    relation, made, kept = prepared.relation, prepared.transforms, prepared.measured.kept
    if kept <= settings.all_rows:
        return _points(warehouse.arrays(passes.all_rows(relation, made)), "all_rows", prepared)
    estimate = warehouse.scalar(passes.distinct_estimate(relation, made))
    if estimate <= settings.distinct_rows:
        return _points(warehouse.arrays(passes.distinct_rows(relation, made)), "distinct_rows", prepared)
    share = min(1.0, 1.1 * settings.sample_rows / kept)
    drawn = warehouse.arrays(passes.sample(relation, made, share, seed, settings.sample_rows))
    return _points(drawn, "sample", prepared)


def _points(
    columns: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
    method: Literal["all_rows", "distinct_rows", "sample"],
    prepared: Prepared,
) -> Points:
    values = np.column_stack([columns[f"x{j}"] for j in range(len(prepared.transforms))])
    # Sorted by value, because the warehouse gives rows in any order and the fit must not depend on it.
    order = np.lexsort((columns["w"], *values.T[::-1]))
    return Points(
        values=np.ascontiguousarray(values[order]),
        weights=columns["w"][order],
        method=method,
        total_weight=prepared.measured.weight,
    )


def _numeric(feature: Feature, scale: str, m: Moments, quartiles: Sequence[float] | None) -> Transform:
    def in_function(value: float) -> float:
        return math.log1p(value) if feature.function == "log1p" else value

    impute = None
    mean, variance, low, high = m.mean, m.variance, m.minimum, m.maximum
    if feature.missing == "impute":
        impute = _impute_value(feature, m, quartiles)
        if m.missing_weight > 0:
            filled = in_function(impute)
            mean, variance = fold_imputed(mean, variance, m.weight, m.missing_weight, filled)
            low, high = min(low, filled), max(high, filled)
    center, spread = {
        "standard": (mean, math.sqrt(variance)),
        "minmax": (low, high - low),
        "none": (0.0, 1.0 if high > low else 0.0),
        "robust": _robust(quartiles, in_function),
    }[scale]
    if not high > low:
        raise DataError(
            f"feature {feature.column!r} has one value only ({_original(feature, low):g}) in every row that is kept",
            hint="it cannot tell customers apart: take it out of the features",
        )
    if scale == "robust" and not spread > 0:
        raise DataError(
            f"feature {feature.column!r} has no spread to scale by ({scale}): its middle half is one value",
            hint='use scale = "standard" or "minmax" for it',
        )
    if not (spread > 0 and math.isfinite(spread) and _reach(feature, low, high, center, spread) < _FURTHEST):
        raise DataError(
            f"feature {feature.column!r} cannot be squared: its values go from {_original(feature, low):g} "
            f"to {_original(feature, high):g} ({scale} scale, weight {feature.weight:g})",
            hint="bring it into a usual range in the feature view: divide it, or take its logarithm",
        )
    return Transform(
        feature=feature.column,
        source_column=feature.column,
        function=feature.function,
        impute_value=impute,
        lower_bound=feature.lower,
        upper_bound=feature.upper,
        outside=feature.outside,
        center=_rounded(center),
        scale=_rounded(spread),
        weight=feature.weight,
    )


def _reach(feature: Feature, low: float, high: float, center: float, spread: float) -> float:
    """How far the furthest row is from 0 on the scaled axis."""
    return max(abs(low - center), abs(high - center)) * (feature.weight / spread)


def _robust(quartiles: Sequence[float] | None, in_function: Callable[[float], float]) -> tuple[float, float]:
    if quartiles is None:
        return 0.0, 0.0
    p25, median, p75 = (in_function(value) for value in quartiles)
    return median, p75 - p25


def _impute_value(feature: Feature, m: Moments, quartiles: Sequence[float] | None) -> float:
    if isinstance(feature.impute, float):
        value = feature.impute
    elif feature.impute == "median" and quartiles is not None:
        value = quartiles[1]
    else:
        value = _original(feature, m.mean)
    return _rounded(value)


def _original(feature: Feature, value: float) -> float:
    return math.expm1(value) if feature.function == "log1p" else value


def _one_hot(
    warehouse: Warehouse, relation: Relation, feature: Feature, features: Sequence[Feature]
) -> list[Transform]:
    found = warehouse.records(measures.categories(relation, feature, features))
    names = sorted(str(row["category"]) for row in found)
    if len(names) > MAX_CATEGORIES:
        raise DataError(
            f"feature {feature.column!r} has {len(names):,} categories, such as {', '.join(names[:3])}",
            hint=f"group them into at most {MAX_CATEGORIES} in the feature view",
        )
    if len(names) < 2:
        raise DataError(
            f"feature {feature.column!r} has one category only ({names[0]!r})",
            hint="it cannot tell customers apart: take it out of the features",
        )
    weight = {str(row["category"]): float(row["weight"]) for row in found}
    total = sum(weight.values())
    made = []
    for name in names:
        share = weight[name] / total
        center, scale = (share, math.sqrt(share * (1 - share))) if feature.scale == "standard" else (0.0, 1.0)
        made.append(
            Transform(
                feature=f"{feature.column}={name}",
                source_column=feature.column,
                function="one_hot",
                category=name,
                center=_rounded(center),
                scale=_rounded(scale),
                weight=feature.weight,
            )
        )
    return made


def _quartiles(
    warehouse: Warehouse, relation: Relation, resolved: Resolved, numeric: Sequence[Feature]
) -> dict[str, tuple[float, float, float]]:
    """Quartiles of the features that need them, in original units."""
    asked = {
        feature.column
        for feature in numeric
        if (feature.scale or resolved.settings.scale) == "robust"
        or (feature.missing == "impute" and feature.impute == "median")
    }
    if not asked:
        return {}
    row = warehouse.records(measures.quantiles(relation, resolved.settings.features, (0.25, 0.5, 0.75)))[0]
    return {
        feature.column: (float(row[f"f{i}_q0"]), float(row[f"f{i}_q1"]), float(row[f"f{i}_q2"]))
        for i, feature in enumerate(numeric)
        if feature.column in asked
    }


def _key_problems(
    warehouse: Warehouse, relation: Relation, measured: Measured, where: str
) -> list[SegjobError]:
    if measured.null_keys:
        return [
            DataError(
                f"key {relation.key!r} of {where} is null in {measured.null_keys:,} rows",
                hint="every customer needs a key; filter the rows without one in the feature view",
            )
        ]
    twice = repeated(warehouse, relation, measured.rows)
    if not twice:
        return []
    told = ", ".join(f"{row['row_key']!r} ({row['rows']} times)" for row in twice)
    return [
        DataError(
            f"key {relation.key!r} of {where} is not unique, such as {told}",
            hint="one row per customer: deduplicate in the feature view",
        )
    ]


def _weight_problems(warehouse: Warehouse, relation: Relation, measured: Measured) -> list[SegjobError]:
    counts = {
        "null": measured.null_weights,
        "negative": measured.negative_weights,
        "NaN or infinite": measured.non_finite_weights,
    }
    wrong = ", ".join(f"{what} in {rows:,}" for what, rows in counts.items() if rows)
    if wrong:
        return [
            DataError(
                f"row weight {relation.row_weight!r} is {wrong} rows", hint="weights are numbers from 0"
            )
        ]
    if relation.row_weight is None or not measured.kept:
        return []
    if measured.weight == 0:
        return [DataError(f"row weight {relation.row_weight!r} is 0 in every row")]
    if not 1 / _FURTHEST < measured.weight < _FURTHEST:
        return [
            DataError(
                f"row weight {relation.row_weight!r} adds up to {measured.weight:g}",
                hint="bring it into a usual range in the feature view; only its proportions matter",
            )
        ]
    return []


def _value_problems(
    warehouse: Warehouse, relation: Relation, measured: Measured, features: Sequence[Feature], where: str
) -> list[SegjobError]:
    problems: list[SegjobError] = []
    settings = {feature.column: feature for feature in features}
    for m in measured.moments:
        feature = settings[m.column]
        if (m.nan or m.inf) and feature.non_finite == "error":
            rows = warehouse.records(measures.examples(relation, m.column, "non_finite"))
            number = {"NaN": m.nan, "infinity": m.inf}
            counts = " and ".join(f"{what} in {n:,} rows" for what, n in number.items() if n)
            told = ", ".join(f"{row['value']} at key {row['row_key']!r}" for row in rows)
            problems.append(
                DataError(
                    f"feature {m.column!r} of {where} has {counts}: {told}",
                    hint='make them null in the feature view, or say non_finite = "missing" for the feature',
                )
            )
        elif _has_no_value(m, measured):
            problems.append(
                DataError(
                    f"feature {m.column!r} of {where} has no value in any row",
                    hint="take it out of the features",
                )
            )
    return problems


def _has_no_value(m: Moments, measured: Measured) -> bool:
    missing = sum(
        e.rows for e in measured.exclusions if e.column == m.column and e.reason == measures.MISSING_VALUE
    )
    return m.count == 0 and (measured.kept > 0 or missing == measured.rows)


def _rounded(value: float) -> float:
    """To twelve digits: sums over threads differ in their last bits, and the same rows must give the same model."""
    return float(f"{value:.{_DIGITS}g}")
