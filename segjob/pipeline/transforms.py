"""How each coordinate of the model is made: imputation, bounds, function, center and scale, from what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from segjob.config import Feature, Segmentation
from segjob.core.model import Transform
from segjob.core.moments import fold_imputed
from segjob.errors import DataError, SegjobError, together
from segjob.statements import measures
from segjob.statements.measures import Measured, Moments
from segjob.statements.relation import Relation
from segjob.warehouse.base import Warehouse

MAX_CATEGORIES = 30
_DIGITS = 12
_FURTHEST = 1e15
"""Scaled coordinates from here on are refused: k-means squares and sums them, in single precision at first."""
_NARROWEST = 1e-6
"""A range on the scaled axis below it is refused: centroids are kept to ten decimals."""


Quartiles = Mapping[str, tuple[float, float, float]]
"""By column, of its values in original units."""


def transforms(
    warehouse: Warehouse,
    settings: Segmentation,
    relation: Relation,
    measured: Measured,
    quartiles: Quartiles | None = None,
) -> tuple[Transform, ...]:
    """How each coordinate is made.

    Parameters
    ----------
    quartiles : of the features that need them; None to ask the warehouse.

    Raises
    ------
    DataError : features that hold one value only, or too many categories.
    """
    moments = {m.column: m for m in measured.moments}
    if quartiles is None:
        quartiles = quartiles_by_partition(warehouse, relation, settings).get(None, {})
    coordinates: list[Transform] = []
    problems: list[SegjobError] = []
    for feature in settings.features:
        try:
            if feature.kind == "categorical":
                coordinates.extend(_one_hot(warehouse, relation, feature, settings.features))
            else:
                scale = feature.scale or settings.scale
                transform = _numeric(feature, scale, moments[feature.column], quartiles.get(feature.column))
                coordinates.append(transform)
        except DataError as problem:
            problems.append(problem)
    if problems:
        raise together(problems)
    return tuple(coordinates)


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
    _refuse_range(feature, scale, low, high, center, spread)
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


def _refuse_range(
    feature: Feature, scale: str, low: float, high: float, center: float, spread: float
) -> None:
    """Raises a DataError where the scaled values, from low to high, cannot be told apart or not be squared."""
    if not high > low:
        raise DataError(
            f"feature {feature.column!r} has one value only ({_original(feature, low):g}) in every row that is kept",
            hint="it cannot tell rows apart: take it out of the features",
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
    if (high - low) * (feature.weight / spread) < _NARROWEST:
        raise DataError(
            f"feature {feature.column!r} is too narrow to be divided: its values go from {_original(feature, low):g} "
            f"to {_original(feature, high):g} ({scale} scale, weight {feature.weight:g})",
            hint='use scale = "standard" for it, or leave it out',
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
    rows = warehouse.records(measures.categories(relation, feature, features))
    names = sorted(str(row["category"]) for row in rows)
    if len(names) > MAX_CATEGORIES:
        raise DataError(
            f"feature {feature.column!r} has {len(names):,} categories, such as {', '.join(names[:3])}",
            hint=f"group them into at most {MAX_CATEGORIES} in the feature view",
        )
    if len(names) < 2:
        raise DataError(
            f"feature {feature.column!r} has one category only ({names[0]!r})",
            hint="it cannot tell rows apart: take it out of the features",
        )
    weight = {str(row["category"]): float(row["weight"]) for row in rows}
    total = sum(weight.values())
    return [_category(feature, name, weight[name] / total) for name in names]


def _category(feature: Feature, name: str, share: float) -> Transform:
    """The coordinate of one category: 0 or 1, whose mean is its share."""
    center, scale = (share, math.sqrt(share * (1 - share))) if feature.scale == "standard" else (0.0, 1.0)
    return Transform(
        feature=f"{feature.column}={name}",
        source_column=feature.column,
        function="one_hot",
        category=name,
        center=_rounded(center),
        scale=_rounded(scale),
        weight=feature.weight,
    )


def quartiles_by_partition(
    warehouse: Warehouse, relation: Relation, settings: Segmentation
) -> dict[str | None, Quartiles]:
    """Quartiles of the features that need them by partition; of a relation without partitions under None."""
    numeric = [feature for feature in settings.features if feature.kind == "numeric"]
    columns = {
        feature.column
        for feature in numeric
        if (feature.scale or settings.scale) == "robust"
        or (feature.missing == "impute" and feature.impute == "median")
    }
    if not columns:
        return {}
    rows = warehouse.records(measures.quantiles(relation, settings.features, (0.25, 0.5, 0.75)))
    return {row.get("part"): _quartiles(row, numeric, columns) for row in rows}


def _quartiles(row: Mapping[str, Any], numeric: Sequence[Feature], columns: AbstractSet[str]) -> Quartiles:
    """Of those columns whose values are there: a partition may have none, which is refused elsewhere."""
    of = {
        feature.column: tuple(row[f"quantile{i}_{j}"] for j in range(3)) for i, feature in enumerate(numeric)
    }
    return {
        column: (float(values[0]), float(values[1]), float(values[2]))
        for column, values in of.items()
        if column in columns and values[0] is not None
    }


def _rounded(value: float) -> float:
    """To twelve digits: sums over threads differ in their last bits, and the same rows must give the same model."""
    return float(f"{value:.{_DIGITS}g}")
