"""`segjob predict`: one customer's segment, from the published tables alone."""

from __future__ import annotations

import dataclasses
import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from segjob.core.model import Partitions, Transform
from segjob.core.segments.score import score
from segjob.errors import ConfigError, DataError
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry


@dataclass(frozen=True)
class Prediction:
    """Where one customer belongs. Distance and margin are in the terms of the run's algorithm, as in its history."""

    segment_id: int
    segment_name: str
    distance: float
    next_segment_id: int | None
    next_segment_name: str | None
    margin: float | None
    is_outlier: bool
    algorithm: str

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return dataclasses.asdict(self)


def parse_values(pairs: Sequence[str]) -> dict[str, str]:
    """`column=value` texts as column -> value."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise ConfigError(f"{wrong[0]!r} is not COLUMN=VALUE", hint="such as annual_income=70")
    names = [pair.split("=", 1)[0] for pair in pairs]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise ConfigError(f"{twice[0]} has two values", hint="name each column once")
    return dict(pair.split("=", 1) for pair in pairs)


def predict(registry: Registry, segmentation: str | None, typed: Mapping[str, str]) -> Prediction:
    """The segment of a customer by the current run's model; see `predict_with`."""
    with registry.warehouse.reading():
        published = registry.load_model(registry.pick_run(segmentation=segmentation))
    return predict_with(published, typed)


def predict_with(published: PublishedModel, typed: Mapping[str, str]) -> Prediction:
    """The segment of a customer.

    Parameters
    ----------
    typed : source column -> value as typed; an empty value or `null` is missing.

    Raises
    ------
    ConfigError : an unknown column, a text instead of a number, a column without a value.
    DataError : such a customer would have been excluded.
    """
    model, names = published.model, published.names
    columns = {transform.source_column: transform for transform in model.transforms}
    _refuse_columns(typed, model.columns)
    values = {name: _value(name, typed[name], columns[name]) for name in columns}
    if model.partitions is not None:
        model = model.of_partition(_position(model.partitions, typed[model.partitions.column]))
    with np.errstate(over="ignore", invalid="ignore"):
        scored = score({name: np.array([value], dtype=object) for name, value in values.items()}, model)
    if scored.segment_id[0] == 0:
        raise DataError("such a row has no segment: the run excluded rows like it", hint="see `segjob show`")
    if not math.isfinite(scored.distance[0]):
        raise DataError(
            "such a row is further from every segment than numbers go",
            hint="is a value mistyped, or in other units?",
        )
    runner_up = int(scored.next_segment_id[0]) or None
    return Prediction(
        segment_id=int(scored.segment_id[0]),
        segment_name=names[int(scored.segment_id[0])],
        distance=float(scored.distance[0]),
        next_segment_id=runner_up,
        next_segment_name=None if runner_up is None else names[runner_up],
        margin=None if runner_up is None else float(scored.margin[0]),
        is_outlier=bool(scored.is_outlier[0]),
        algorithm=str(published.run["algorithm"] or "kmeans"),
    )


def _position(partitions: Partitions, value: str) -> int:
    """Which partition the typed value is.

    Raises
    ------
    DataError : the model has none of that name.
    """
    if value in partitions.values:
        return partitions.values.index(value)
    close = difflib.get_close_matches(value, partitions.values, n=1)
    known = ", ".join(map(repr, partitions.values[:10]))
    raise DataError(
        f"the run has no model for {partitions.column} {value!r}",
        hint=f"did you mean {close[0]!r}?" if close else f"it has models for {known}",
    )


def _refuse_columns(typed: Mapping[str, str], columns: Sequence[str]) -> None:
    """Raises a ConfigError unless there is a value for each of the columns, and for no other."""
    for name in typed:
        if name not in columns:
            close = difflib.get_close_matches(name, columns, n=1)
            raise ConfigError(
                f"the model has no feature {name!r}",
                hint=f"did you mean {close[0]!r}?" if close else f"it has {', '.join(columns)}",
            )
    lacking = [name for name in columns if name not in typed]
    if lacking:
        raise ConfigError(
            f"no value for {', '.join(lacking)}",
            hint=f"segjob predict {' '.join(f'{name}=...' for name in columns)} (an empty value is a missing one)",
        )


def _value(name: str, text: str, transform: Transform) -> float | str | None:
    word = text.strip().lower()
    if word in ("", "null", "none"):
        return None
    if transform.function == "one_hot":
        return text
    try:
        return {"true": 1.0, "false": 0.0}[word] if word in ("true", "false") else float(text)
    except ValueError:
        raise ConfigError(f"{name} is a number, not {text!r}") from None
