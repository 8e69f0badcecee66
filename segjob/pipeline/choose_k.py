"""Third stage: how many segments; the sweep over k, the evidence beside it, and the choice."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from segjob.config import Segmentation
from segjob.core.model import FitRows
from segjob.core.select_k.choose import choose, uses_density
from segjob.core.select_k.evidence import EvidenceRequest
from segjob.core.select_k.gap import gap_by_k
from segjob.core.select_k.sweep import Fit, Sweep, sweep
from segjob.core.select_k.votes import Choice
from segjob.core.select_k.warnings import warnings
from segjob.errors import DataError, NoSegmentation
from segjob.pipeline.fit_rows import count_distinct
from segjob.pipeline.measure import Dataset
from segjob.pipeline.progress import Progress
from segjob.pipeline.worker import Ask


@dataclass(frozen=True)
class KSelection:
    """A number of segments, and what it rests on.

    gaps : the gap statistic and its standard error by k; agreement : mean adjusted Rand between resamples by k.
    """

    sweep: Sweep
    gaps: Mapping[int, tuple[float, float]]
    agreement: Mapping[int, float]
    choice: Choice

    @property
    def fit(self) -> Fit:
        """The sweep's fit for the chosen k."""
        return next(fit for fit in self.sweep.fits if fit.k == self.choice.k)


def choose_k(dataset: Dataset, rows: FitRows, ask: Ask, progress: Progress) -> KSelection:
    """Sweep k on the fit rows and choose; what a careful analyst would add is reported as warnings.

    Parameters
    ----------
    ask : from `evidence_worker`, which gathers what does not need the sweep while that runs.

    Raises
    ------
    DataError : there are fewer different rows than segments asked for.
    NoSegmentation : the rule finds no number of segments.
    """
    settings = dataset.settings
    with progress.phase("choosing k") as phase:
        selection = select(settings, rows, ask)
        phase.note = f"k = {selection.choice.k}"
    is_kmeans = settings.algorithm == "kmeans"
    for warning in warnings(selection.sweep, selection.choice, dataset.transforms, published=is_kmeans):
        progress.warn(warning)
    return selection


def select(settings: Segmentation, rows: FitRows, ask: Ask) -> KSelection:
    """The same without reports."""
    refuse_too_many(settings, rows)
    seed, ks = settings.seed, _ks(settings)
    evidence_of = ask(EvidenceRequest.of(rows, ks, seed, density=uses_density(settings.rule)))
    swept = sweep(rows, ks, seed=seed, n_init=settings.n_init)
    evidence = evidence_of()
    gaps = gap_by_k(swept, evidence.reference_inertia)
    agreement = {fit.k: evidence.agreement[fit.k] for fit in swept.fits if fit.k in evidence.agreement}
    choice = choose(swept, settings.rule, gaps=gaps, agreement=agreement, density=evidence.density)
    return KSelection(swept, gaps, agreement, _as_configured(settings, choice))


def _ks(settings: Segmentation) -> list[int]:
    """The range, and with it a fixed k, or the one segment that may be published, for their evidence."""
    low, high = settings.k_range
    fixed = [] if settings.k == "auto" else [settings.k]
    return sorted({*range(low, high + 1), *fixed, *([1] if settings.allow_one else [])})


def refuse_too_many(settings: Segmentation, rows: FitRows) -> None:
    """Raises a DataError if a fixed k is more than there are different customers."""
    different = count_distinct(rows.values)
    if settings.k != "auto" and settings.k > different:
        raise DataError(
            f"k = {settings.k}, but only {different:,} of the rows are different",
            hint="ask for fewer segments, or add features",
        )


def _as_configured(settings: Segmentation, choice: Choice) -> Choice:
    """The choice, or what the settings say instead.

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
