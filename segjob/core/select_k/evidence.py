"""What can be known about k without the sweep's fits, gathered in one go: it can be done while the sweep runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segjob.core import sampling
from segjob.core.model import Floats, Points
from segjob.core.select_k import gap, stability
from segjob.core.select_k.density_count import Evidence, look


@dataclass(frozen=True)
class Asked:
    """Rows drawn from the fit rows, a set for each question, and the ks in question.

    density : rows to count groups in; None where no rule asks for it.
    """

    gap: Floats
    stability: Floats
    density: Floats | None
    ks: tuple[int, ...]
    seed: int

    @classmethod
    def of(cls, points: Points, ks: Sequence[int], seed: int, *, density: bool) -> Asked:
        """The questions about these fit rows."""
        return cls(
            gap=sampling.draw(points, seed, gap.ROWS),
            stability=sampling.draw(points, seed, stability.ROWS),
            density=sampling.draw(points, seed) if density else None,
            ks=tuple(ks),
            seed=seed,
        )


@dataclass(frozen=True)
class Apart:
    """The answers.

    made : log inertia of made rows without groups, by k; see `nulls.made_inertia`.
    agreement : mean adjusted Rand index between fits on resamples, by k.
    density : groups counted by density, where that was asked.
    """

    made: Mapping[int, Floats]
    agreement: Mapping[int, float]
    density: Evidence | None


def gather(asked: Asked) -> Apart:
    """Answer."""
    return Apart(
        made=gap.made_inertia(asked.gap, asked.ks, asked.seed),
        agreement=stability.agreement_of(asked.stability, asked.ks, asked.seed),
        density=None if asked.density is None else look(asked.density, asked.seed),
    )
