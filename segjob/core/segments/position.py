"""Where the segments are in each feature, on the scale that they were made on: what names and actions speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats, Model
from segjob.core.segments.feature_words import FeatureWords

NOTICEABLE = 0.5
"""|z| from which a feature is low or high; half a standard deviation is a medium effect (Cohen, 1988)."""
CONTRADICTED = 0.25
"""Where arithmetic means are so many standard deviations on the other side of everyone, no word is used: means are
what the tables show, and few large values can pull everyone's above nearly all customers."""

Level = Literal["low", "typical", "high"]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class NamedFeature:
    """A coordinate of the model: its column's words, and its category if it is one of a one-hot column."""

    words: FeatureWords
    source: str
    category: str | None = None


@dataclass(frozen=True)
class SegmentPosition:
    """Where k segments are in d features.

    z : (k, d) on the model's scale, in standard deviations from everyone's mean. mean : (k, d) arithmetic means in the
    column's unit, shares for one-hot columns, NaN if no row has a value. mean_z : (k, d) the same as z, of those means.
    share : (k,) of the customers.
    """

    z: Floats
    mean: Floats
    mean_z: Floats
    share: Floats

    @property
    def is_low(self) -> Flags:
        """(k, d)"""
        return (self.z <= -NOTICEABLE) & ~(self.mean_z > CONTRADICTED)

    @property
    def is_high(self) -> Flags:
        """(k, d)"""
        return (self.z >= NOTICEABLE) & ~(self.mean_z < -CONTRADICTED)

    def levels(self, segment: int) -> list[Level]:
        """`low`, `typical` or `high`, for each of the d features."""
        low, high = self.is_low[segment], self.is_high[segment]
        return ["low" if down else "high" if up else "typical" for down, up in zip(low, high, strict=True)]


def position_of(
    model: Model,
    profiles: Sequence[Mapping[str, Any]],
    shares: Sequence[float],
    deviations: Mapping[str, float],
) -> SegmentPosition:
    """The position of a model's segments, in its order.

    Parameters
    ----------
    profiles : rows of table `profiles`. shares : of the customers, by segment.
    deviations : standard deviation of each numeric column, after its function.
    """
    rows = {(row["segment_id"], row["feature"]): row for row in profiles}

    def column(name: str) -> Floats:
        values = [
            [(rows.get((segment, t.feature)) or {}).get(name) for t in model.transforms]
            for segment in model.segment_ids
        ]
        return np.array(values, dtype=np.float64)

    share, mean_z = np.asarray(shares), column("z")
    z = model.centroids - share @ model.centroids
    for j, transform in enumerate(model.transforms):
        if transform.category is not None:
            z[:, j] = np.nan_to_num(mean_z[:, j])
        else:
            unit = deviations[transform.source_column] / transform.scale * transform.weight
            # Where only imputed values differ from the others, these have no deviation: the segments' own stands in.
            z[:, j] /= unit or float(np.sqrt(share @ z[:, j] ** 2)) or 1.0
    return SegmentPosition(z, column("mean"), mean_z, share)
