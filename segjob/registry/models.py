"""A published model as rows, there and back: it scores without anything but the tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segjob.core.model import Gaussians, Model, Partitions, Transform
from segjob.registry.runs import Record
from segjob.statements.relation import OneOf, Relation


@dataclass(frozen=True)
class PublishedModel:
    """A run's model, its segments' names, and the relation that it scores."""

    run: Record
    model: Model
    names: Mapping[int, str]
    relation: Relation

    @classmethod
    def of(cls, run: Record, rows: Mapping[str, Sequence[Record]], relation: Relation) -> PublishedModel:
        """The model of a run from its rows.

        Parameters
        ----------
        rows : of `transforms` by position, of `segments` by segment_id, of `centroids` and `covariances` in any order.

        Raises
        ------
        KeyError, TypeError, ValueError : rows are missing, or were changed.
        """
        import numpy as np

        by_partition = _transforms(rows["transforms"])
        transforms = next(iter(by_partition.values()))
        segments, features = rows["segments"], [transform.feature for transform in transforms]
        value = {(row["segment_id"], row["feature"]): row["scaled_value"] for row in rows["centroids"]}
        ids = tuple(row["segment_id"] for row in segments)
        if len(ids) != run["k"] or len(value) != len(ids) * len(features):
            raise ValueError("rows are missing")
        model = Model(
            transforms=transforms,
            segment_ids=ids,
            centroids=np.array([[value[segment, feature] for feature in features] for segment in ids]),
            outlier_distance=np.array([row["outlier_distance"] for row in segments]),
            gaussians=gaussians_of(segments, rows["covariances"], features),
            partitions=_partitions(run, segments, by_partition),
        )
        names = {row["segment_id"]: row["name"] for row in segments}
        return cls(run, model, names, relation)


def model_of_partition(published: PublishedModel, value: str) -> PublishedModel:
    """The model of one value of the column of partitions, and the relation with its rows only."""
    parts = published.model.partitions
    assert parts is not None
    model = published.model.of_partition(parts.values.index(value))
    only = OneOf(parts.column, value)
    relation = dataclasses.replace(published.relation, partition=None, only=only)
    return dataclasses.replace(
        published, model=model, relation=relation, names={i: published.names[i] for i in model.segment_ids}
    )


def _transforms(rows: Sequence[Record]) -> dict[str | None, tuple[Transform, ...]]:
    """Partition, or None -> its transforms. rows : of table `transforms`, by position."""
    by_partition: dict[str | None, list[Record]] = {}
    for row in rows:
        by_partition.setdefault(row["partition"], []).append(row)
    for own in by_partition.values():
        if [row["position"] for row in own] != [*range(len(own))]:
            raise ValueError("rows are missing")
    return {
        value: tuple(Transform(**{name: row[name] for name in Transform.__dataclass_fields__}) for row in own)
        for value, own in by_partition.items()
    } or {None: ()}


def _partitions(
    run: Record, segments: Sequence[Record], transforms: Mapping[str | None, tuple[Transform, ...]]
) -> Partitions | None:
    """What the run's rows say of them; None if it has one model for all."""
    if run["partition_by"] is None:
        return None
    values = sorted(str(value) for value in transforms if value is not None)
    position = {value: i for i, value in enumerate(values)}
    return Partitions(
        column=run["partition_by"],
        values=tuple(values),
        of_segment=tuple(position[row["partition"]] for row in segments),
        transforms=tuple(transforms[value] for value in values),
    )


def transform_rows(model: Model) -> list[Record]:
    """Rows of table `transforms` without the run's number."""
    parts = model.partitions
    each = [(None, model.transforms)] if parts is None else zip(parts.values, parts.transforms, strict=True)
    return [
        {"position": position, **dataclasses.asdict(transform), "partition": value}
        for value, transforms in each
        for position, transform in enumerate(transforms)
    ]


def partition_of_segments(model: Model) -> dict[int, str | None]:
    """Segment -> the value whose rows it is of; None if it is of all."""
    parts = model.partitions
    if parts is None:
        return dict.fromkeys(model.segment_ids)
    return {
        segment: parts.values[position]
        for segment, position in zip(model.segment_ids, parts.of_segment, strict=True)
    }


def centroid_rows(model: Model) -> list[Record]:
    """Rows of table `centroids` without the run's number."""
    import numpy as np

    parts = model.partitions
    own = [model.transforms] * len(model.segment_ids)
    if parts is not None:
        own = [parts.transforms[position] for position in parts.of_segment]
    value = partition_of_segments(model)
    return [
        {
            "segment_id": segment,
            "feature": transform.feature,
            "value": float(transform.to_original(np.array([scaled]))[0]),
            "scaled_value": float(scaled),
            "partition": value[segment],
        }
        for segment, centroid, transforms in zip(model.segment_ids, model.centroids, own, strict=True)
        for transform, scaled in zip(transforms, centroid, strict=True)
    ]


def covariance_rows(model: Model) -> list[dict[str, Any]]:
    """Rows of table `covariances` without the run's number; none where the nearest centroid decides."""
    if model.gaussians is None:
        return []
    features = [transform.feature for transform in model.transforms]
    return [
        {
            "segment_id": segment,
            "feature": feature,
            "other_feature": other,
            "value": float(covariance[i, j]),
        }
        for segment, covariance in zip(model.segment_ids, model.gaussians.covariances, strict=True)
        for i, feature in enumerate(features)
        for j, other in enumerate(features[: i + 1])
    ]


def with_mixing_weights(segments: Sequence[Mapping[str, Any]], model: Model) -> list[dict[str, Any]]:
    """Rows of table `segments`, in the model's order, each with its mixing weight."""
    shares = [None] * len(segments) if model.gaussians is None else model.gaussians.shares.tolist()
    return [{**row, "mixing_weight": share} for row, share in zip(segments, shares, strict=True)]


def gaussians_of(
    segments: Sequence[Mapping[str, Any]], covariances: Sequence[Mapping[str, Any]], features: Sequence[str]
) -> Gaussians | None:
    """The shapes of a mixture's segments; None for a run of another algorithm.

    Parameters
    ----------
    segments, covariances : a run's rows of the two tables; features : in the order of the model's coordinates.
    """
    if not covariances:
        return None
    import numpy as np

    value = {(row["segment_id"], row["feature"], row["other_feature"]): row["value"] for row in covariances}
    d = range(len(features))
    lower = np.array(
        [
            [[value[row["segment_id"], features[max(i, j)], features[min(i, j)]] for j in d] for i in d]
            for row in segments
        ]
    )
    return Gaussians(np.array([row["mixing_weight"] for row in segments]), lower)
