"""Evidence about k that needs no fit of the sweep, so that it can be gathered while the sweep runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segjob.core import sampling
from segjob.core.density.samples import DensityCount, DensityRequest, count_by_density
from segjob.core.model import FitRows, Floats, Transform
from segjob.core.row_keys import row_keys
from segjob.core.select_k import gap
from segjob.core.select_k.halves import Halves, split_halves
from segjob.core.select_k.segment_stability import Begin, HalfFits, fit_halves, in_turn


@dataclass(frozen=True)
class GroupRequest:
    """Samples of the fit rows that show whether there are groups, and the ks in question.

    gap : rows to compare with reference data; the run's seed samples them.
    density : rows to count groups in; their own values sample them.
    """

    gap: Floats
    density: DensityRequest
    ks: tuple[int, ...]
    seed: int


@dataclass(frozen=True)
class EvidenceRequest:
    """Samples of the fit rows, one for each question.

    groups : rows that show whether there are groups.
    halves : rows to divide into halves; their own values sample them.
    """

    groups: GroupRequest
    halves: Halves

    @classmethod
    def of(
        cls, points: FitRows, transforms: Sequence[Transform], ks: Sequence[int], seed: int
    ) -> EvidenceRequest:
        """The request for these fit rows, whose coordinates the transforms made."""
        columns = zip(transforms, points.values.T, strict=True)
        original = np.column_stack([transform.to_original(column) for transform, column in columns])
        rows = sampling.unweighted_sample(points, seed, gap.ROWS)
        density = DensityRequest.of(points, original, transforms)
        return cls(
            groups=GroupRequest(rows, density, tuple(ks), seed),
            halves=split_halves(points, row_keys(original)),
        )

    @property
    def density(self) -> DensityRequest:
        """Rows to count groups in."""
        return self.groups.density


@dataclass(frozen=True)
class GroupEvidence:
    """What shows whether there are groups.

    reference_inertia : log inertia of reference data without groups, by k; see `gap.reference_inertia`.
    density : groups counted by density; None if there are too few rows, or no number varies.
    """

    reference_inertia: Mapping[int, Floats]
    density: DensityCount | None


@dataclass(frozen=True)
class KEvidence:
    """What the request's rows show.

    groups : whether there are groups.
    half_fits : k-means on random halves.
    """

    groups: GroupEvidence
    half_fits: HalfFits


def gather_groups(request: GroupRequest) -> GroupEvidence:
    """Compute what shows whether there are groups: about as long as everything else that k rests on."""
    return GroupEvidence(
        gap.reference_inertia(request.gap, request.ks, request.seed), count_by_density(request.density)
    )


def gather(request: EvidenceRequest, begin: Begin = in_turn) -> Callable[[], KEvidence]:
    """Compute what is requested: as much of it as others take at once, the rest when the answer is called.

    Parameters
    ----------
    begin : as for `fit_halves`.
    """
    groups = begin([(gather_groups, request.groups)])
    half_fits = fit_halves(request.halves, request.groups.ks, begin)

    def gathered() -> KEvidence:
        fits = half_fits()  # first, because the groups are what others have begun with
        return KEvidence(groups()[0], fits)

    return gathered
