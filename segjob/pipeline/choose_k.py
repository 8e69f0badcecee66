"""Third stage: how many segments; the sweep over k, the evidence beside it, and the decision."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segjob.config import Segmentation
from segjob.core.model import FitRows, Floats, Model, Transform
from segjob.core.segments.score import places
from segjob.core.select_k.choose import choose
from segjob.core.select_k.division import ShareLimits
from segjob.core.select_k.evidence import EvidenceRequest
from segjob.core.select_k.followers import agreement_with
from segjob.core.select_k.gap import gap_by_k
from segjob.core.select_k.segment_stability import stability_of_partitions
from segjob.core.select_k.sweep import Fit, Sweep, sweep
from segjob.core.select_k.votes import KDecision, KRequest
from segjob.core.select_k.warnings import warnings
from segjob.errors import DataError
from segjob.pipeline.fit_rows import count_distinct
from segjob.pipeline.measure import Dataset
from segjob.pipeline.progress import Progress
from segjob.pipeline.worker import Ask
from segjob.registry.runs import Record


@dataclass(frozen=True)
class KSelection:
    """A number of segments, and what it rests on.

    request : the rows that the evidence was gathered on.
    gaps : the gap statistic and its standard error by k; agreement : mean adjusted Rand between random halves by k.
    """

    sweep: Sweep
    request: EvidenceRequest
    gaps: Mapping[int, tuple[float, float]]
    agreement: Mapping[int, float]
    decision: KDecision

    @property
    def fit(self) -> Fit:
        """The sweep's fit for the chosen k."""
        return next(fit for fit in self.sweep.fits if fit.k == self.decision.k)

    @property
    def start(self) -> Floats:
        """(k, d) scaled centroids to start the fit from: the decision's, where it looked for some, else the sweep's."""
        decided = self.decision.start
        return self.fit.centroids if decided is None else decided.centroids

    def stability_of(self, model: Model) -> Floats | None:
        """(k,) how well each segment is found again on random halves (mean Jaccard index); None if unknown."""
        start = self.decision.start
        if start is None or start.half_labels is None:
            return None
        halves = self.request.halves
        labels = places(halves.values, model)
        return stability_of_partitions(
            labels, start.half_labels, halves.weights, len(model.segment_ids)
        ).jaccard

    def density_agreement(self, model: Model) -> float | None:
        """Adjusted Rand index of the groups that density shows with the segments; None without groups."""
        labels = self.decision.group_labels
        return None if labels is None else agreement_with(labels, places(self.request.density.values, model))


def choose_k(
    dataset: Dataset, rows: FitRows, ask: Ask, previous_k: int | None, progress: Progress
) -> KSelection:
    """Sweep k on the fit rows and decide; what a careful analyst would add is reported as warnings.

    Parameters
    ----------
    ask : from `evidence_worker`, which gathers evidence while the sweep runs.
    previous_k : segments of the current run; None without one.

    Raises
    ------
    DataError : there are fewer different rows than segments asked for.
    """
    with progress.phase("choosing k") as phase:
        selection = select(dataset.settings, dataset.transforms, rows, ask, previous_k)
        phase.note = f"k = {selection.decision.k}"
    for warning in warnings(selection.sweep, selection.decision, dataset.transforms):
        progress.warn(warning)
    return selection


def select(
    settings: Segmentation,
    transforms: Sequence[Transform],
    rows: FitRows,
    ask: Ask,
    previous_k: int | None = None,
) -> KSelection:
    """The same without reports."""
    refuse_too_many(settings, rows)
    seed, ks = settings.seed, _ks(settings)
    request = EvidenceRequest.of(rows, transforms, ks, seed)
    gathered = ask(request)
    swept = sweep(rows, ks, seed=seed, n_init=settings.n_init)
    evidence = gathered()
    gaps = gap_by_k(swept, evidence.groups.reference_inertia)
    decision = choose(swept, request, evidence, _request(settings, previous_k), gaps)
    return KSelection(swept, request, gaps, evidence.half_fits.agreement(request.halves), decision)


def _request(settings: Segmentation, previous_k: int | None) -> KRequest:
    return KRequest(
        rule=settings.rule,
        k=None if settings.k == "auto" else settings.k,
        algorithm=settings.algorithm,
        allow_one=settings.allow_one,
        limits=ShareLimits(settings.min_share, settings.max_share),
        previous_k=previous_k,
    )


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


def vote_rows(selection: KSelection) -> list[Record]:
    """Rows of table `k_votes` without the run's number."""
    return [dataclasses.asdict(vote) for vote in selection.decision.votes]


def sweep_rows(selection: KSelection, inertia: float | None) -> list[dict[str, Any]]:
    """Rows of table `sweeps` without the run's number.

    Parameters
    ----------
    inertia : of all rows for the published k; None if nothing is published or the sweep's algorithm did not make it.
    """
    rows, divisions = selection.sweep.points, {d.k: d for d in selection.decision.divisions}
    # A sample's inertia stands for all rows: scaled up by their weight, and marked as not exact. The published k's is
    # exact, unless another algorithm made the segments: the sweep is of k-means.
    upscale = rows.total_weight / rows.weights.sum()
    published = None if inertia is None else selection.decision.k
    return [
        {
            "k": fit.k,
            "inertia": inertia if fit.k == published else fit.inertia * upscale,
            "silhouette": fit.silhouette,
            "davies_bouldin": fit.davies_bouldin,
            "calinski_harabasz": fit.calinski_harabasz,
            "gap": selection.gaps.get(fit.k, (None, None))[0],
            "gap_se": selection.gaps.get(fit.k, (None, None))[1],
            "stability": selection.agreement.get(fit.k),
            "segment_stability": divisions[fit.k].stability,
            "explained_variance": divisions[fit.k].explained_variance,
            "smallest_share": fit.smallest_share,
            "largest_share": fit.largest_share,
            "fit_seconds": fit.seconds,
            "is_chosen": fit.k == selection.decision.k,
            "inertia_is_exact": rows.method != "sample" or fit.k == published,
            "fit_rows": len(rows.values),
            "silhouette_rows": selection.sweep.silhouette_rows,
        }
        for fit in selection.sweep.fits
    ]
