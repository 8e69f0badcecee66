"""Fifth stage: everything that a fit knows -> the tables and views, in one transaction."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from segjob.config import PublishSettings
from segjob.core.model import Floats, Model
from segjob.core.segments.playbook import Advice
from segjob.pipeline.choose_k import KSelection, sweep_rows, vote_rows
from segjob.pipeline.fit_kmeans import FittedModel
from segjob.pipeline.match_segments import match_segments
from segjob.pipeline.measure import Dataset
from segjob.pipeline.profile import distribution_rows, profile_segments
from segjob.pipeline.progress import Progress
from segjob.pipeline.publishing.one_transaction import in_one_transaction, show
from segjob.pipeline.publishing.publication import (
    Publication,
    begin,
    by_model_before,
    dataset_row,
    exclusion_rows,
    insert_rows,
    published_model,
    published_run,
    write_history,
)
from segjob.registry.models import centroid_rows, covariance_rows, transform_rows, with_mixing_weights
from segjob.registry.movements import Movers, write_movements
from segjob.registry.recovery import FIRST_OF_FIT
from segjob.registry.registry import Registry
from segjob.registry.runs import FIT, REFUSED, PublishedRun, Record


@dataclass(frozen=True)
class RunDraft:
    """A run that is fitted and not yet published.

    fitted : its segments are numbered by size; `publish` gives them the numbers that they keep.
    actions : the user's table of what to do with which segment, if there is one.
    warnings : what a careful analyst would point out.
    """

    started_at: datetime
    dataset: Dataset
    selection: KSelection
    fitted: FittedModel
    actions: Sequence[Advice] | None
    warnings: tuple[str, ...] = ()


def publish(
    registry: Registry, draft: RunDraft, settings: PublishSettings, progress: Progress
) -> PublishedRun:
    """Write the run, and forget the assignments of runs beyond those to keep.

    Raises
    ------
    RelationChanged : the rows are not the ones that were fitted.
    DataError : the segmentation was published with another key.
    """
    write = functools.partial(_write, registry, draft)
    return in_one_transaction(registry, draft.dataset, settings, progress, write)


def publish_refusal(
    registry: Registry, started_at: datetime, dataset: Dataset, selection: KSelection, progress: Progress
) -> int:
    """Write the evidence of a run that publishes no segments, in one transaction; its number. The current run stays.

    Raises
    ------
    RelationChanged : the rows are not the ones that were measured.
    """
    warehouse = registry.warehouse
    with progress.phase("keeping the evidence", warehouse.ledger), warehouse.writing():
        publication = begin(registry, dataset)
        rows = {"sweeps": sweep_rows(selection, None), "exclusions": exclusion_rows(dataset)}
        insert_rows(registry, publication.run_id, {FIRST_OF_FIT: vote_rows(selection)})
        insert_rows(registry, publication.run_id, rows)
        run = {"status": REFUSED, **_evidence_row(publication, started_at, dataset, selection, ())}
        insert_rows(registry, publication.run_id, {"runs": [run]})
    return publication.run_id


def _write(registry: Registry, draft: RunDraft, publication: Publication) -> PublishedRun:
    """The run's rows, views and function, in an order that leaves the current run whole if the job dies on the way."""
    dataset, run_id = draft.dataset, publication.run_id
    votes = vote_rows(draft.selection)
    insert_rows(registry, run_id, {FIRST_OF_FIT: votes})
    neighbour = publication.before or publication.after
    alignment = match_segments(registry, dataset, draft.fitted.model, neighbour, publication.runs)
    fitted = draft.fitted.renumbered(alignment)
    sums = write_history(registry, dataset, fitted.model, fitted.squared, run_id)
    profiled = profile_segments(registry, dataset, fitted, sums, draft.actions)
    inertia, points = sum(sums.inertia.values()), draft.selection.sweep.points
    rows = {
        "sweeps": sweep_rows(draft.selection, inertia if fitted.indices is None else None),
        "exclusions": exclusion_rows(dataset),
        "transforms": transform_rows(fitted.model),
        "centroids": centroid_rows(fitted.model),
        "covariances": covariance_rows(fitted.model),
        "profiles": profiled.profiles,
        "segments": segment_rows(draft.selection, profiled.segments, fitted.model),
        "lineage": publication.lineage_rows(alignment.fates),
        "distributions": distribution_rows(registry.warehouse, dataset, _originals(draft), points.weights),
    }
    insert_rows(registry, run_id, rows)
    moved = Movers(run_id, sums.sizes, by_model_before(registry, dataset, publication.before))
    write_movements(registry, dataset.name, dataset.key, publication.before, moved)
    run = _run_row(draft, publication, fitted, inertia)
    model = published_model(dataset, fitted.model, {"run_id": run_id, **run}, profiled.segments)
    show(registry, publication, dataset, model, run)
    return published_run(registry, publication, {**rows, FIRST_OF_FIT: votes, "runs": [run]})


def _originals(draft: RunDraft) -> list[Floats]:
    """The fit rows in the columns' own units, by transform."""
    columns = draft.selection.sweep.points.values.T
    return [t.to_original(values) for t, values in zip(draft.dataset.transforms, columns, strict=True)]


def segment_rows(selection: KSelection, segments: Sequence[Record], model: Model) -> list[Record]:
    """Rows of table `segments` without the run's number."""
    stability = selection.stability_of(model)
    each = [None] * len(segments) if stability is None else stability.tolist()
    weighted = with_mixing_weights(segments, model)
    return [{**row, "stability": value} for row, value in zip(weighted, each, strict=True)]


def _run_row(draft: RunDraft, publication: Publication, fitted: FittedModel, inertia: float) -> Record:
    selection = draft.selection
    indices = fitted.indices or selection.fit
    is_kmeans = fitted.indices is None
    return {
        "status": "published",
        **_evidence_row(publication, draft.started_at, draft.dataset, selection, draft.warnings),
        "inertia": inertia,
        "silhouette": indices.silhouette,
        "davies_bouldin": indices.davies_bouldin,
        "calinski_harabasz": indices.calinski_harabasz,
        "stability": selection.agreement.get(selection.fit.k) if is_kmeans else None,
        "density_agreement": selection.density_agreement(fitted.model),
        "lloyd_passes": fitted.passes,
        "converged": fitted.converged,
        "scoring": fitted.scoring,
    }


def _evidence_row(
    publication: Publication,
    started_at: datetime,
    dataset: Dataset,
    selection: KSelection,
    warnings: Sequence[str],
) -> Record:
    """The row of table `runs`, without the run's number, its status, and what is known of a model."""
    settings, decision = dataset.settings, selection.decision
    algorithm = "kmeans" if settings.algorithm == "auto" else settings.algorithm
    return {
        **dataset_row(dataset, started_at),
        **publication.row(),
        "kind": FIT,
        "fit_run_id": publication.run_id,
        "fit_rows": len(selection.sweep.points.values),
        "fit_method": selection.sweep.points.method,
        "k": decision.k,
        "k_rule": decision.rule,
        "k_outcome": decision.outcome,
        "k_reason": decision.reason,
        "structure": decision.structure,
        "seed": settings.seed,
        "warnings": json.dumps(list(warnings)),
        "algorithm": algorithm if decision.start is None else decision.start.algorithm,
    }
