"""A published model as rows, there and back: it scores without anything but the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segjob.core.model import Gaussians, Model, Transform
from segjob.registry.runs import Record
from segjob.statements.relation import Relation


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

        transforms = tuple(
            Transform(**{name: row[name] for name in Transform.__dataclass_fields__})
            for row in rows["transforms"]
        )
        segments, features = rows["segments"], [transform.feature for transform in transforms]
        value = {(row["segment_id"], row["feature"]): row["scaled_value"] for row in rows["centroids"]}
        ids = tuple(row["segment_id"] for row in segments)
        places = [row["position"] for row in rows["transforms"]]
        if len(ids) != run["k"] or places != [*range(len(places))] or len(value) != len(ids) * len(features):
            raise ValueError("rows are missing")
        model = Model(
            transforms=transforms,
            segment_ids=ids,
            centroids=np.array([[value[segment, feature] for feature in features] for segment in ids]),
            outlier_distance=np.array([row["outlier_distance"] for row in segments]),
            gaussians=gaussians_of(segments, rows["covariances"], features),
        )
        names = {row["segment_id"]: row["name"] for row in segments}
        return cls(run, model, names, relation)


def centroid_rows(model: Model) -> list[Record]:
    """Rows of table `centroids` without the run's number."""
    import numpy as np

    return [
        {
            "segment_id": segment,
            "feature": transform.feature,
            "value": float(transform.to_original(np.array([scaled]))[0]),
            "scaled_value": float(scaled),
        }
        for segment, centroid in zip(model.segment_ids, model.centroids, strict=True)
        for transform, scaled in zip(model.transforms, centroid, strict=True)
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
