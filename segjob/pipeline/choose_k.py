"""How many segments: the sweep over k, the evidence beside it, and the choice."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from segjob.config import Segmentation
from segjob.core.model import FitRows
from segjob.core.select_k.choose import choose, uses_density
from segjob.core.select_k.evidence import EvidenceRequest
from segjob.core.select_k.gap import gap_by_k
from segjob.core.select_k.sweep import Sweep, sweep
from segjob.core.select_k.votes import Choice
from segjob.errors import DataError, NoSegmentation
from segjob.pipeline.worker import Ask


@dataclass(frozen=True)
class Chosen:
    """A number of segments, and what it rests on.

    gaps : the gap statistic and its standard error by k; agreement : mean adjusted Rand between resamples by k.
    """

    sweep: Sweep
    gaps: Mapping[int, tuple[float, float]]
    agreement: Mapping[int, float]
    choice: Choice


def choose_k(settings: Segmentation, points: FitRows, ask: Ask) -> Chosen:
    """Sweep k on the fit rows and choose.

    Parameters
    ----------
    ask : from `second_process`: what does not need the sweep is gathered there meanwhile.

    Raises
    ------
    DataError : there are fewer different rows than segments asked for.
    NoSegmentation : the rule finds no number of segments.
    """
    _refuse_too_many(settings, points)
    seed, ks = settings.seed, _ks(settings)
    answer = ask(EvidenceRequest.of(points, ks, seed, density=uses_density(settings.rule)))
    swept = sweep(points, ks, seed=seed, n_init=settings.n_init)
    apart = answer()
    gaps = gap_by_k(swept, apart.reference_inertia)
    agreement = {fit.k: apart.agreement[fit.k] for fit in swept.fits if fit.k in apart.agreement}
    choice = choose(swept, settings.rule, gaps=gaps, agreement=agreement, density=apart.density)
    return Chosen(swept, gaps, agreement, _as_asked(settings, choice))


def _ks(settings: Segmentation) -> list[int]:
    """The range; and beside it a fixed k, or the one segment that may be published: their evidence is wanted too."""
    low, high = settings.k_range
    fixed = [] if settings.k == "auto" else [settings.k]
    return sorted({*range(low, high + 1), *fixed, *([1] if settings.allow_one else [])})


def _refuse_too_many(settings: Segmentation, points: FitRows) -> None:
    """Raises a DataError where a fixed k is more than there are different customers (`points` are sorted)."""
    different = 1 + int((points.values[1:] != points.values[:-1]).any(axis=1).sum())
    if settings.k != "auto" and settings.k > different:
        raise DataError(
            f"k = {settings.k}, but only {different:,} of the rows are different",
            hint="ask for fewer segments, or add features",
        )


def _as_asked(settings: Segmentation, choice: Choice) -> Choice:
    """The choice, or what was asked for instead.

    Raises
    ------
    NoSegmentation : the rule finds none.
    """
    if settings.algorithm != "kmeans" and choice.k is not None:
        reason = f"{choice.reason}; k is k-means', and {settings.algorithm} was fitted with that many"
        choice = dataclasses.replace(choice, reason=reason)
    if settings.k != "auto":
        return dataclasses.replace(
            choice, k=settings.k, outcome="fixed", rule="fixed", reason="asked for, not chosen by a rule"
        )
    if choice.outcome == "none":
        if settings.allow_one:
            return dataclasses.replace(
                choice, k=1, outcome="chosen", reason=f"{choice.reason}; one is allowed"
            )
        raise NoSegmentation(
            f"no number of segments was found: {choice.reason}",
            hint="nothing was published and the current run stays; --allow-one publishes a single segment, --k fixes "
            "another number, --rule and --k-range look elsewhere",
        )
    return choice
