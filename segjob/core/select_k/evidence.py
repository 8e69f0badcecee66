"""Evidence about k that needs no fit of the sweep, so that it can be gathered while the sweep runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segjob.core import sampling
from segjob.core.model import FitRows, Floats
from segjob.core.select_k import gap, stability
from segjob.core.select_k.density_count import DensityCount, count_groups


@dataclass(frozen=True)
class EvidenceRequest:
    """Samples of the fit rows, one for each question, and the ks in question.

    density : rows to count groups in; None if no rule asks for it.
    """

    gap: Floats
    stability: Floats
    density: Floats | None
    ks: tuple[int, ...]
    seed: int

    @classmethod
    def of(cls, points: FitRows, ks: Sequence[int], seed: int, *, density: bool) -> EvidenceRequest:
        """The request for these fit rows."""
        return cls(
            gap=sampling.unweighted_sample(points, seed, gap.ROWS),
            stability=sampling.unweighted_sample(points, seed, stability.ROWS),
            density=sampling.unweighted_sample(points, seed) if density else None,
            ks=tuple(ks),
            seed=seed,
        )


@dataclass(frozen=True)
class KEvidence:
    """What the request's rows say.

    reference_inertia : log inertia of reference data without groups, by k; see `gap.reference_inertia`.
    agreement : mean adjusted Rand index between fits on resamples, by k.
    density : groups counted by density, if that was requested.
    """

    reference_inertia: Mapping[int, Floats]
    agreement: Mapping[int, float]
    density: DensityCount | None


def gather(request: EvidenceRequest) -> KEvidence:
    """Compute what is requested."""
    return KEvidence(
        reference_inertia=gap.reference_inertia(request.gap, request.ks, request.seed),
        agreement=stability.agreement_of(request.stability, request.ks, request.seed),
        density=None if request.density is None else count_groups(request.density, request.seed),
    )
