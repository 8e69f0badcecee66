"""Rows by the model of an earlier fit -> the tables and views, in one transaction: model, ids and names stay."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from segjob.config import PublishSettings
from segjob.core.segments.match import Fate
from segjob.pipeline.measure import Dataset
from segjob.pipeline.profile import SegmentSums, analysts_names, profile_rows
from segjob.pipeline.progress import Progress
from segjob.pipeline.publishing.one_transaction import in_one_transaction, show
from segjob.pipeline.publishing.publication import (
    Publication,
    by_model_before,
    dataset_row,
    exclusion_rows,
    insert_rows,
    published_model,
    published_run,
    write_history,
)
from segjob.registry.models import PublishedModel, centroid_rows, covariance_rows, transform_rows
from segjob.registry.movements import Movers, Pair, write_movements
from segjob.registry.recovery import FIRST_OF_ASSIGNMENT
from segjob.registry.registry import Registry
from segjob.registry.runs import ASSIGNMENT, PublishedRun, Record

_OF_THE_FIT = (
    *("fit_run_id", "fit_rows", "fit_method", "k", "k_rule", "k_outcome", "k_reason", "structure", "seed"),
    *("silhouette", "davies_bouldin", "calinski_harabasz", "stability", "density_agreement"),
    *("lloyd_passes", "converged", "algorithm", "scoring"),
)
"""Columns of table `runs` that are about the model, and that an assignment repeats."""


@dataclass(frozen=True)
class AssignmentDraft:
    """Rows that are measured and not yet assigned.

    base : the published run whose model they get, with that model; segments : its rows of table `segments`.
    """

    started_at: datetime
    dataset: Dataset
    base: PublishedModel
    segments: Sequence[Record]
    warnings: tuple[str, ...] = ()


def publish_assignment(
    registry: Registry, draft: AssignmentDraft, settings: PublishSettings, progress: Progress
) -> PublishedRun:
    """Write the run, and forget the assignments of runs beyond those to keep.

    Raises
    ------
    RelationChanged : the rows are not the ones that were measured.
    DataError : the segmentation was published with another key.
    """
    write = functools.partial(_write, registry, draft)
    return in_one_transaction(registry, draft.dataset, settings, progress, write)


def _write(registry: Registry, draft: AssignmentDraft, publication: Publication) -> PublishedRun:
    """The rows and views, in the order of `publish`: the row in `runs` after all that it speaks of."""
    dataset, model, run_id = draft.dataset, draft.base.model, publication.run_id
    transforms = transform_rows(model)
    insert_rows(registry, run_id, {FIRST_OF_ASSIGNMENT: transforms})
    sums = write_history(registry, dataset, model, None, run_id)
    segments = _segment_rows(registry, draft, sums)
    flows = _write_movements(registry, draft, publication, sums)
    rows = {
        "exclusions": exclusion_rows(dataset),
        "centroids": centroid_rows(model),
        "covariances": covariance_rows(model),
        "profiles": profile_rows(registry.warehouse, dataset, model),
        "segments": segments,
        "lineage": publication.lineage_rows(_fates(registry, draft, publication, sums, flows)),
    }
    insert_rows(registry, run_id, rows)
    run = _run_row(draft, publication, sum(sums.inertia.values()))
    published = published_model(dataset, model, {"run_id": run_id, **run}, segments)
    show(registry, publication, dataset, published, run)
    evidence = registry.load_run(draft.base.run)
    stored = {**rows, FIRST_OF_ASSIGNMENT: transforms, "runs": [run]}
    return published_run(registry, publication, stored, evidence)


def _segment_rows(registry: Registry, draft: AssignmentDraft, sums: SegmentSums) -> list[Record]:
    """The base's segments with today's sizes, and the names that analysts gave them since."""
    named = analysts_names(registry, draft.dataset.name)
    kept = draft.dataset.counts.kept
    rows = []
    for segment in draft.segments:
        segment_id = segment["segment_id"]
        row = {
            **{name: value for name, value in segment.items() if name != "run_id"},
            "rows": sums.sizes[segment_id],
            "share": sums.sizes[segment_id] / kept,
            "inertia": sums.inertia[segment_id],
        }
        if given := named.get(segment_id):
            row |= {"name": given["name"], "description": given["description"], "named_by": "analyst"}
        rows.append(row)
    return rows


def _write_movements(
    registry: Registry, draft: AssignmentDraft, publication: Publication, sums: SegmentSums
) -> dict[Pair, int]:
    before, dataset = publication.before, draft.dataset
    has_same_model = before is not None and before["fit_run_id"] == draft.base.run["fit_run_id"]
    scored = None if has_same_model else by_model_before(registry, dataset, before)
    moved = Movers(publication.run_id, sums.sizes, "itself" if has_same_model else scored)
    return write_movements(registry, dataset.name, dataset.key, before, moved)


def _fates(
    registry: Registry,
    draft: AssignmentDraft,
    publication: Publication,
    sums: SegmentSums,
    flows: dict[Pair, int],
) -> list[Fate]:
    """Every segment is the same; compared with a run of another model, it may be new to that, or retired.

    similarity : customers in both over customers in either, as for a fit; None where the history before was pruned.
    """
    before, ids = publication.before, draft.base.model.segment_ids
    if before is None:
        return [Fate(segment, "first") for segment in ids]
    table = registry.table("segments")
    known = {row["segment_id"] for row in registry.rows(table, table.c.run_id == before["run_id"])}
    moved = 0.0 if before["fit_run_id"] == draft.base.run["fit_run_id"] else None

    def fate(segment: int) -> Fate:
        if segment not in known:
            return Fate(segment, "new")
        stayed = flows.get((segment, segment), 0)
        left = sum(customers for (origin, _), customers in flows.items() if origin == segment)
        either = left + sums.sizes[segment] - stayed
        return Fate(segment, "same", stayed / either if flows and either else None, moved)

    retired = [Fate(segment, "retired") for segment in sorted(known - set(ids))]
    return [fate(segment) for segment in ids] + retired


def _run_row(draft: AssignmentDraft, publication: Publication, inertia: float) -> Record:
    return {
        "status": "published",
        **{name: draft.base.run[name] for name in _OF_THE_FIT},
        **dataset_row(draft.dataset, draft.started_at),
        **publication.row(),
        "kind": ASSIGNMENT,
        "inertia": inertia,
        "warnings": json.dumps(list(draft.warnings)),
    }
