"""`segjob lift`: what treated customers brought more than the held-out ones of their segment."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from segjob.core.lift import Arm, Lift, lift
from segjob.errors import ConfigError, DataError
from segjob.registry.audience import audience_of, holdout_share
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.relations import find_column, locate
from segjob.registry.runs import Record
from segjob.statements.published.lift import Events, brought
from segjob.warehouse.base import Column


@dataclass(frozen=True)
class LiftRequest:
    """What is compared: the sum of a metric per customer, over events since a moment.

    key : the relation's column of who, if it is not called as in the run.
    """

    metric: str
    relation: str
    at: str
    since: str
    until: str | None = None
    key: str | None = None
    segmentation: str | None = None


@dataclass(frozen=True)
class SegmentLift:
    """One segment, or all of them together: then segment_id is None."""

    segment_id: int | None
    name: str
    treated: Arm
    held_out: Arm
    lift: Lift


@dataclass(frozen=True)
class MeasuredLift:
    """By segment, and over all."""

    run: Record
    request: LiftRequest
    segments: Sequence[SegmentLift]
    overall: SegmentLift

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "segmentation": self.run["segmentation"],
            "run_id": self.run["run_id"],
            **dataclasses.asdict(self.request),
            "segments": [dataclasses.asdict(one) for one in self.segments],
            "overall": dataclasses.asdict(self.overall),
        }


def measure_lift(registry: Registry, request: LiftRequest) -> MeasuredLift:
    """Compare, by one statement, the current run's audience.

    Raises
    ------
    ConfigError : a moment is none.
    DataError : nobody is held out, or the relation or a column is missing or of the wrong type.
    """
    since, until = _moment("--since", request.since), None
    if request.until is not None:
        until = _moment("--until", request.until)
        if until <= since:
            raise ConfigError(f"--until {request.until} is not after --since {request.since}")
    warehouse = registry.warehouse
    with warehouse.reading():
        run = registry.pick_run(segmentation=request.segmentation)
        published = registry.load_model(run)
        _refuse_without_holdout(published)
        events = _events(registry, request, registry.key_column(run))
        rows = warehouse.records(brought(audience_of(registry, published), events, since, until))
    arms = {(row["audience_id"], bool(row["is_holdout"])): _arm(row, request) for row in rows}
    if not any(is_holdout for _, is_holdout in arms):
        raise DataError(
            f"no customer of {run['segmentation']} is held out: there are too few, or holdout_share is too small"
        )
    segments = [
        _compared(number, name, arms.get((number, False), _NOBODY), arms.get((number, True), _NOBODY))
        for number, name in sorted(published.names.items())
    ]
    return MeasuredLift(run, request, segments, _overall(arms))


_NOBODY = Arm(0, math.nan, math.nan)


def _compared(number: int | None, name: str, treated: Arm, held_out: Arm) -> SegmentLift:
    return SegmentLift(number, name, treated, held_out, lift(treated, held_out))


def _overall(arms: Mapping[tuple[int, bool], Arm]) -> SegmentLift:
    """All segments as one: the same share of each is held out, so sizes weigh alike on both sides."""
    treated, held_out = (
        _pooled([arm for (_, is_holdout), arm in arms.items() if is_holdout is kind])
        for kind in (False, True)
    )
    return _compared(None, "all", treated, held_out)


def _pooled(arms: Sequence[Arm]) -> Arm:
    customers = sum(arm.customers for arm in arms)
    if customers == 0:
        return _NOBODY
    mean = sum(arm.customers * arm.mean for arm in arms) / customers
    squares = sum(
        (arm.customers - 1) * (arm.variance if arm.customers > 1 else 0.0)
        + arm.customers * (arm.mean - mean) ** 2
        for arm in arms
    )
    return Arm(customers, mean, squares / (customers - 1) if customers > 1 else math.nan)


def _arm(row: Record, request: LiftRequest) -> Arm:
    mean, variance = float(row["mean"]), math.nan if row["variance"] is None else float(row["variance"])
    if not math.isfinite(mean) or (row["customers"] > 1 and not math.isfinite(variance)):
        raise DataError(
            f"{request.metric!r} of {request.relation} is NaN or infinite in some rows",
            hint="filter them in a view over the relation",
        )
    return Arm(int(row["customers"]), mean, variance)


def _refuse_without_holdout(published: PublishedModel) -> None:
    if holdout_share(published) is None:
        raise DataError(
            f"run {published.run['run_id']} of {published.run['segmentation']} holds out nobody, so there is nothing "
            "to compare with",
            hint="set holdout_share for the segmentation, run it, and leave the held-out customers alone for a while",
        )


def _events(registry: Registry, request: LiftRequest, key: Column) -> Events:
    """The relation of events with its columns.

    Raises
    ------
    DataError : it, or one of them, is missing or of the wrong type.
    """
    warehouse, name = registry.warehouse, request.relation
    schema, relation = locate(warehouse, name)
    columns = warehouse.columns_of(schema, relation)
    if not columns:
        raise DataError(f"there is no table or view {name!r} in {warehouse.label}")
    who, metric, at = (
        find_column(column, columns, name) for column in (request.key or key.name, request.metric, request.at)
    )
    if metric.kind != "number":
        raise DataError(f"{metric.name!r} of {name} is {metric.type_name}, not a number")
    if at.kind != "time":
        raise DataError(
            f"{at.name!r} of {name} is {at.type_name}, not a date", hint="cast it in a view over the relation"
        )
    return Events(schema, relation, who.name, metric.name, at.name, key_as_text=who.kind != key.kind)


def _moment(option: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise ConfigError(
            f"{option} is a date such as 2025-07-01, or 2025-07-01T12:00, not {text!r}"
        ) from None
