"""Evidence about k that needs no fit of the sweep, so that it can be gathered while the sweep runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segjob.core import sampling
from segjob.core.density.samples import DensityCount, DensityRequest, count_by_density
from segjob.core.model import FitRows, Floats, Transform
from segjob.core.row_keys import row_keys
from segjob.core.select_k import gap
from segjob.core.select_k.halves import Halves, split_halves
from segjob.core.select_k.segment_stability import HalfFits, fit_halves


@dataclass(frozen=True)
class EvidenceRequest:
    """Samples of the fit rows, one for each question, and the ks in question.

    gap : rows to compare with reference data; the run's seed samples them.
    density, halves : rows to count groups in, and to divide into halves; their own values sample them.
    """

    gap: Floats
    density: DensityRequest
    halves: Halves
    ks: tuple[int, ...]
    seed: int

    @classmethod
    def of(
        cls, points: FitRows, transforms: Sequence[Transform], ks: Sequence[int], seed: int
    ) -> EvidenceRequest:
        """The request for these fit rows, whose coordinates the transforms made."""
        columns = zip(transforms, points.values.T, strict=True)
        original = np.column_stack([transform.to_original(column) for transform, column in columns])
        return cls(
            gap=sampling.unweighted_sample(points, seed, gap.ROWS),
            density=DensityRequest.of(points, original, transforms),
            halves=split_halves(points, row_keys(original)),
            ks=tuple(ks),
            seed=seed,
        )


@dataclass(frozen=True)
class KEvidence:
    """What the request's rows show.

    reference_inertia : log inertia of reference data without groups, by k; see `gap.reference_inertia`.
    density : groups counted by density; None if there are too few rows, or no number varies.
    half_fits : k-means on random halves.
    """

    reference_inertia: Mapping[int, Floats]
    density: DensityCount | None
    half_fits: HalfFits


def gather(request: EvidenceRequest) -> KEvidence:
    """Compute what is requested."""
    return KEvidence(
        reference_inertia=gap.reference_inertia(request.gap, request.ks, request.seed),
        density=count_by_density(request.density),
        half_fits=fit_halves(request.halves, request.ks),
    )
