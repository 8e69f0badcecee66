"""The published model as plain values: how a raw column becomes a coordinate, and where the centroids are.

A model is rows, not a pickle: `Transform` is one row of table `transforms`, a centroid is k rows of table `centroids`.
Everything here is what those tables hold, so a model can be rebuilt from them and scored anywhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Labels = NDArray[np.intp]
else:
    # Names for annotations. A verb that only reads rows of tables goes through here, and needs no arrays.
    Floats, Labels = "NDArray[float64]", "NDArray[intp]"

MISSING_CATEGORY = "(missing)"
"""The category that a one-hot column gives to rows without a value."""


@dataclass(frozen=True)
class Transform:
    """How one coordinate of the model is made from one column of the feature relation.

    In this order: a missing value becomes `impute_value` (None: the row is excluded), a value outside
    [`lower_bound`, `upper_bound`] is moved to the bound (`outside="clip"`) or its row is excluded
    (`outside="exclude"`), `function` is applied, and the result x becomes `(x - center) / scale * weight`.

    `function="one_hot"` gives 1 where the column's text is `category` (NULL counts as `MISSING_CATEGORY`), else 0;
    a category that the model has not seen is 0 in all its columns. Its bounds and impute value are None.
    """

    feature: str
    source_column: str
    function: Literal["identity", "log1p", "one_hot"] = "identity"
    category: str | None = None
    impute_value: float | None = None
    lower_bound: float | None = None
    upper_bound: float | None = None
    outside: Literal["clip", "exclude"] = "clip"
    center: float = 0.0
    scale: float = 1.0
    weight: float = 1.0

    def to_original(self, scaled: Floats) -> Floats:
        """Coordinates back in the column's own units (a share, for a one-hot column).

        Parameters
        ----------
        scaled : array of any shape, in standardised units.
        """
        import numpy as np

        x = scaled / self.weight * self.scale + self.center
        return np.expm1(x) if self.function == "log1p" else x

    def to_scaled(self, original: Floats) -> Floats:
        """The way back of `to_original`; values are present and within the bounds already."""
        import numpy as np

        x = np.log1p(original) if self.function == "log1p" else original
        return (x - self.center) / self.scale * self.weight


@dataclass(frozen=True)
class FitRows:
    """The bounded set of rows that is fitted on.

    values : (n, d) float64, scaled coordinates, in an order that does not depend on the warehouse's.
    weights : (n,) float64, how many rows (or how much row weight) each stands for.
    method : how it was drawn; `distinct_rows` is lossless, `sample` is not.
    total_weight : the weight of all rows that it stands for, n times the mean weight unless sampled.
    """

    values: Floats
    weights: Floats
    method: Literal["all_rows", "distinct_rows", "sample"] = "all_rows"
    total_weight: float = 0.0

    @property
    def is_weighted(self) -> bool:
        """Whether the weights differ at all."""
        return bool(self.weights.size) and bool((self.weights != self.weights[0]).any())


@dataclass(frozen=True)
class Gaussians:
    """What a Gaussian mixture knows of its segments beside their means.

    A row belongs where share times normal density is highest, which is where |W (x - mean)|^2 + penalty is lowest.

    shares : (k,) mixing weights, above 0; their sum is 1.
    covariances : (k, d, d), positive definite, of scaled coordinates.
    """

    shares: Floats
    covariances: Floats

    @property
    def whiteners(self) -> Floats:
        """(k, d, d) lower triangles W: |W (x - mean)| is the Mahalanobis distance."""
        import numpy as np

        return np.tril(np.linalg.inv(np.linalg.cholesky(self.covariances)))

    @property
    def penalties(self) -> Floats:
        """(k,) log determinant less twice the log share: the larger, the fewer rows at the same distance belong."""
        import numpy as np

        diagonals = np.einsum("kii->ki", np.linalg.cholesky(self.covariances))
        penalties: Floats = 2.0 * np.log(diagonals).sum(axis=1) - 2.0 * np.log(self.shares)
        return penalties


@dataclass(frozen=True)
class Partitions:
    """What a model knows of the values of a column, each of which has segments and transforms of its own.

    column : of the relation; values : P of its values, as text.
    of_segment : (k,) position in `values`, by place of the segment.
    transforms : of each value, d of them: alike but for impute_value, center and scale.
    """

    column: str
    values: tuple[str, ...]
    of_segment: tuple[int, ...]
    transforms: tuple[tuple[Transform, ...], ...]

    def segments_of(self, position: int) -> list[int]:
        """The places of the segments of one value."""
        return [place for place, own in enumerate(self.of_segment) if own == position]


@dataclass(frozen=True)
class Model:
    """A fitted segmentation.

    transforms : d of them, in the order of the centroids' columns; of the first partition where there are any.
    segment_ids : k published numbers, in the order of the centroids' rows.
    centroids : (k, d) float64, scaled coordinates.
    outlier_distance : (k,) float64; a row further than this from its own centroid is an outlier.
    gaussians : of a Gaussian mixture, whose distances are Mahalanobis'; None where the nearest centroid decides.
    partitions : whose segments compete for which rows; None if all do for all.
    """

    transforms: tuple[Transform, ...]
    segment_ids: tuple[int, ...]
    centroids: Floats
    outlier_distance: Floats
    gaussians: Gaussians | None = None
    partitions: Partitions | None = None

    @property
    def columns(self) -> list[str]:
        """The columns that decide about a row's segment: the one of partitions, if there is one, and the features'."""
        parts = [] if self.partitions is None else [self.partitions.column]
        return list(dict.fromkeys([*parts, *(t.source_column for t in self.transforms)]))

    def numbered(self, ids: Sequence[int], order: Sequence[int]) -> Model:
        """The same segments in another order and under other numbers.

        Parameters
        ----------
        ids : k numbers, of the segments as they stood; order : k of their old places, in the new order.
        """
        order = list(order)
        shape, parts = self.gaussians, self.partitions
        if parts is not None:
            parts = dataclasses.replace(parts, of_segment=tuple(parts.of_segment[place] for place in order))
        return dataclasses.replace(
            self,
            segment_ids=tuple(ids[place] for place in order),
            centroids=self.centroids[order],
            outlier_distance=self.outlier_distance[order],
            gaussians=None if shape is None else Gaussians(shape.shares[order], shape.covariances[order]),
            partitions=parts,
        )

    def of_partition(self, position: int) -> Model:
        """The model of one value of the column, which knows of no other."""
        assert self.partitions is not None
        places = self.partitions.segments_of(position)
        return Model(
            transforms=self.partitions.transforms[position],
            segment_ids=tuple(self.segment_ids[place] for place in places),
            centroids=self.centroids[places],
            outlier_distance=self.outlier_distance[places],
        )

    @classmethod
    def together(cls, column: str, models: Mapping[str, Model]) -> Model:
        """One model of several, each for the rows with one value in a column; their segments' numbers all differ."""
        import numpy as np

        each = list(models.values())
        of_segment = [position for position, model in enumerate(each) for _ in model.segment_ids]
        return cls(
            transforms=each[0].transforms,
            segment_ids=tuple(segment for model in each for segment in model.segment_ids),
            centroids=np.concatenate([model.centroids for model in each]),
            outlier_distance=np.concatenate([model.outlier_distance for model in each]),
            partitions=Partitions(
                column, tuple(models), tuple(of_segment), tuple(model.transforms for model in each)
            ),
        )

    @classmethod
    def without_segments(
        cls, transforms: tuple[Transform, ...], partitions: Partitions | None = None
    ) -> Model:
        """Only the way of a row into the model's space."""
        import numpy as np

        if partitions is not None:
            partitions = dataclasses.replace(partitions, of_segment=())
        return cls(transforms, (), np.empty((0, len(transforms))), np.empty(0), partitions=partitions)
