"""A fitted scikit-learn pipeline as published transforms: what SQL can say of it, and a refusal of all else."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

from segjob.api import estimators
from segjob.core.model import Floats, Transform
from segjob.errors import ConfigError

_KNOWN = (
    "StandardScaler, MinMaxScaler, RobustScaler, SimpleImputer, OneHotEncoder, FunctionTransformer(numpy.log1p), "
    "and a ColumnTransformer of these"
)


def read_pipeline(estimator: Any, columns: Sequence[str]) -> tuple[tuple[Transform, ...], Floats]:
    """The transforms, and the (k, d) scaled centroids of a fitted `KMeans` or a pipeline that ends with one.

    Parameters
    ----------
    columns : of the relation, in the order of those that the estimator was fitted on.

    Raises
    ------
    ConfigError : it ends with something else, or a step cannot be said in SQL.
    """
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    last = steps.pop()
    if not isinstance(last, (KMeans, MiniBatchKMeans)) or not hasattr(last, "cluster_centers_"):
        raise ConfigError(
            f"a {type(last).__name__} cannot be published"
            if not isinstance(last, KMeans)
            else "it is not fitted",
            hint="publish a fitted KMeans, or a Pipeline that ends with one",
        )
    transforms = [Transform(column, column) for column in columns]
    for step in steps:
        transforms = _after(step, transforms)
    centroids = np.asarray(last.cluster_centers_, dtype=np.float64)
    if centroids.shape[1] != len(transforms):
        raise ConfigError(
            f"the centroids have {centroids.shape[1]} coordinates, and the steps before make {len(transforms)}",
            hint="name the columns that the estimator was fitted on, in their order",
        )
    return tuple(transforms), centroids


def _after(step: Any, transforms: Sequence[Transform]) -> list[Transform]:
    """The transforms with one more step."""
    if step in ("passthrough", None):
        return list(transforms)
    if isinstance(step, Pipeline):
        result = list(transforms)
        for _, inner in step.steps:
            result = _after(inner, result)
        return result
    if isinstance(step, ColumnTransformer):
        return _of_columns(step, transforms)
    if isinstance(step, OneHotEncoder):
        return [
            one
            for t, names in zip(transforms, step.categories_, strict=True)
            for one in _encoded(step, t, names)
        ]
    if isinstance(step, SimpleImputer):
        filled = [float(value) if _is_number(value) else None for value in step.statistics_]
        return [_imputed(t, value) for t, value in zip(transforms, filled, strict=True)]
    if isinstance(step, FunctionTransformer):
        return [_function(step, t) for t in transforms]
    shift, divisor = _scaling(step, len(transforms))
    return [_scaled(t, *pair) for t, pair in zip(transforms, zip(shift, divisor, strict=True), strict=True)]


def _of_columns(step: ColumnTransformer, transforms: Sequence[Transform]) -> list[Transform]:
    by_name = {t.source_column: t for t in transforms}
    names = list(getattr(step, "feature_names_in_", by_name))
    result = []
    for name, inner, columns in step.transformers_:
        if isinstance(inner, str) and inner == "drop":
            continue
        wanted = [columns] if isinstance(columns, (str, int, np.integer)) else list(columns)
        own = [by_name[one if isinstance(one, str) else names[int(one)]] for one in wanted]
        weight = (step.transformer_weights or {}).get(name, 1.0)
        result += [dataclasses.replace(t, weight=t.weight * weight) for t in _after(inner, own)]
    return result


def _encoded(step: OneHotEncoder, transform: Transform, names: Sequence[Any]) -> list[Transform]:
    if step.drop is not None:
        raise ConfigError(
            "a OneHotEncoder that drops categories cannot be published", hint="fit it with drop=None"
        )
    column = transform.source_column
    return [Transform(f"{column}={name}", column, "one_hot", str(name)) for name in names]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def _imputed(t: Transform, value: float | None) -> Transform:
    if value is None:  # of a categorical column, where a category of its own stands for what is missing
        return t
    original = float(t.to_original(np.array(value)))
    return dataclasses.replace(t, impute_value=original)


def _function(step: FunctionTransformer, t: Transform) -> Transform:
    function, options = step.func, step.kw_args or {}
    if function in (None, estimators.numbers, estimators.categories):
        return t
    is_plain = t.function == "identity" and (t.center, t.scale) == (0.0, 1.0)
    if function in (np.log1p, estimators.log1p) and is_plain:
        return dataclasses.replace(t, function="log1p")
    if function in (estimators.clipped, estimators.within) and is_plain:
        t = dataclasses.replace(t, lower_bound=options["lower"], upper_bound=options["upper"])
        return dataclasses.replace(t, outside="clip" if function is estimators.clipped else "exclude")
    name = getattr(function, "__name__", repr(function))
    raise ConfigError(
        f"the function {name} of column {t.source_column} cannot be said in SQL", hint=f"known are {_KNOWN}"
    )


def _scaling(step: Any, d: int) -> tuple[Floats, Floats]:
    """(shift, divisor): the step makes (x - shift) / divisor of x."""
    zeros, ones = np.zeros(d), np.ones(d)
    if isinstance(step, StandardScaler):
        return (step.mean_ if step.with_mean else zeros), (step.scale_ if step.with_std else ones)
    if isinstance(step, RobustScaler):
        return (
            step.center_ if step.with_centering else zeros,
            step.scale_ if step.with_scaling else ones,
        )
    if isinstance(step, MinMaxScaler) and not step.clip:
        return -step.min_ / step.scale_, 1.0 / step.scale_
    raise ConfigError(f"a {type(step).__name__} cannot be said in SQL", hint=f"known are {_KNOWN}")


def _scaled(t: Transform, shift: float, divisor: float) -> Transform:
    """(x - center) / scale, shifted and divided once more."""
    return dataclasses.replace(t, center=float(t.center + shift * t.scale), scale=float(t.scale * divisor))
