"""A Gaussian mixture as rows: mixing weights in `segments`, shapes in `covariances`; there and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from segjob.core.model import Gaussians, Model


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
    """What the rows hold; None for a run of another algorithm.

    Parameters
    ----------
    segments, covariances : a run's rows of the two tables; features : in the order of the model's coordinates.
    """
    if not covariances:
        return None
    of = {(row["segment_id"], row["feature"], row["other_feature"]): row["value"] for row in covariances}
    d = range(len(features))
    lower = np.array(
        [
            [[of[row["segment_id"], features[max(i, j)], features[min(i, j)]] for j in d] for i in d]
            for row in segments
        ]
    )
    return Gaussians(np.array([row["mixing_weight"] for row in segments]), lower)
