"""`segjob predict`: one customer's segment, from the published tables alone."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from segjob.core.model import Model, Transform
from segjob.core.scoring import score
from segjob.errors import ConfigError, DataError
from segjob.jobs.history import Evidence, evidence, pick_run
from segjob.statements.tables import Contract
from segjob.warehouse.base import Warehouse


@dataclass(frozen=True)
class Prediction:
    """Where one customer belongs. Distances are in scaled units."""

    segment_id: int
    segment_name: str
    distance: float
    next_segment_id: int | None
    next_segment_name: str | None
    margin: float | None
    is_outlier: bool

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Published:
    """A published model and its segments' names."""

    model: Model
    names: Mapping[int, str]


def load(warehouse: Warehouse, contract: Contract, segmentation: str | None) -> Published:
    """The current model of a segmentation, from its rows."""
    found = evidence(warehouse, contract, pick_run(warehouse, contract, segmentation=segmentation))
    centroids = contract.table("centroids")
    query = sa.select(centroids).where(centroids.c.run_id == found.run["run_id"])
    model = model_of(found, warehouse.records(query))
    return Published(model, {row["segment_id"]: row["name"] for row in found.segments})


def model_of(evidence: Evidence, centroids: Sequence[Mapping[str, Any]]) -> Model:
    """The model that the published rows describe.

    Parameters
    ----------
    centroids : rows of table `centroids` of the run.
    """
    transforms = tuple(
        Transform(**{name: row[name] for name in Transform.__dataclass_fields__})
        for row in evidence.transforms
    )
    ids = tuple(row["segment_id"] for row in evidence.segments)
    value = {(row["segment_id"], row["feature"]): row["scaled_value"] for row in centroids}
    return Model(
        transforms=transforms,
        segment_ids=ids,
        centroids=np.array(
            [[value[segment, t.feature] for t in transforms] for segment in ids], dtype=np.float64
        ),
        outlier_distance=np.array([row["outlier_distance"] for row in evidence.segments], dtype=np.float64),
    )


def parse_values(pairs: Sequence[str]) -> dict[str, str]:
    """`column=value` texts as column -> value."""
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise ConfigError(f"{wrong[0]!r} is not COLUMN=VALUE", hint="such as annual_income=70")
    return dict(pair.split("=", 1) for pair in pairs)


def predict(published: Published, given: Mapping[str, str]) -> Prediction:
    """The segment of a customer.

    Parameters
    ----------
    given : source column -> value as typed; an empty value or `null` is missing.

    Raises
    ------
    ConfigError : an unknown column, a text where a number belongs, a column that is not given.
    DataError : such a customer would have been excluded.
    """
    model, names = published.model, published.names
    columns = {transform.source_column: transform for transform in model.transforms}
    for name in given:
        if name not in columns:
            close = difflib.get_close_matches(name, list(columns), n=1)
            raise ConfigError(
                f"the model has no feature {name!r}",
                hint=f"did you mean {close[0]!r}?" if close else f"it has {', '.join(columns)}",
            )
    lacking = [name for name in columns if name not in given]
    if lacking:
        raise ConfigError(
            f"no value for {', '.join(lacking)}",
            hint=f"segjob predict {' '.join(f'{name}=...' for name in columns)} (an empty value is a missing one)",
        )
    values = {name: _value(name, given[name], columns[name]) for name in columns}
    scored = score({name: np.array([value], dtype=object) for name, value in values.items()}, model)
    if scored.segment_id[0] == 0:
        raise DataError(
            "such a customer has no segment: the run excluded rows like it", hint="see `segjob show`"
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
    )


def _value(name: str, text: str, transform: Transform) -> float | str | None:
    if text.strip().lower() in ("", "null", "none"):
        return None
    if transform.function == "one_hot":
        return text
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"{name} is a number, not {text!r}") from None
