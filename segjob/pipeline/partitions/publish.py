"""Fifth stage: the models of all partitions -> the tables and views, in one transaction, as one run."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from segjob.config import PublishSettings
from segjob.core.model import Floats, Model
from segjob.core.segments.match import Fate
from segjob.core.segments.playbook import Advice
from segjob.pipeline.choose_k import sweep_rows, vote_rows
from segjob.pipeline.partitions.fit import FittedPartition
from segjob.pipeline.partitions.match import match_partitions
from segjob.pipeline.partitions.measure import PartitionedRows
from segjob.pipeline.profile import (
    SegmentSums,
    describe,
    distribution_rows,
    read_profiles_of,
    segments_by_partition,
)
from segjob.pipeline.progress import Progress
from segjob.pipeline.publish import segment_rows
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
from segjob.registry.models import centroid_rows, transform_rows
from segjob.registry.movements import Movers, write_movements
from segjob.registry.recovery import FIRST_OF_FIT
from segjob.registry.registry import Registry
from segjob.registry.runs import FIT, PublishedRun, Record
from segjob.statements.segment_rules import in_partition


@dataclass(frozen=True)
class PartitionedDraft:
    """A run that is fitted and not yet published; its parts are as those of a `publish.RunDraft`."""

    started_at: datetime
    rows: PartitionedRows
    fitted: Mapping[str, FittedPartition]
    actions: Sequence[Advice] | None
    warnings: tuple[str, ...] = ()


def publish_partitions(
    registry: Registry, draft: PartitionedDraft, settings: PublishSettings, progress: Progress
) -> PublishedRun:
    """Write the run, and forget the assignments of runs beyond those to keep.

    Raises
    ------
    RelationChanged : the rows are not the ones that were fitted.
    DataError : the segmentation was published with another key.
    """
    write = functools.partial(_write, registry, draft)
    return in_one_transaction(registry, draft.rows.dataset, settings, progress, write)


def _write(registry: Registry, draft: PartitionedDraft, publication: Publication) -> PublishedRun:
    """The rows and views, in the order of `publish`: the row in `runs` after all that it speaks of."""
    dataset, run_id = draft.rows.dataset, publication.run_id
    votes = [
        {**row, "partition": value}
        for value, part in draft.fitted.items()
        for row in vote_rows(part.selection)
    ]
    insert_rows(registry, run_id, {FIRST_OF_FIT: votes})
    parts, fates = _numbered(registry, draft, publication)
    model = Model.together(draft.rows.column, {value: part.fitted.model for value, part in parts.items()})
    sums = write_history(registry, dataset, model, _squared(parts), run_id)
    profiled, segments = _describe(registry, draft, parts, model, sums)
    originals, weights = _fit_rows(parts)
    rows = {
        "sweeps": _sweep_rows(parts, sums),
        "exclusions": exclusion_rows(dataset),
        "transforms": transform_rows(model),
        "centroids": centroid_rows(model),
        "profiles": profiled,
        "segments": segments,
        "partitions": _partition_rows(draft, parts, sums),
        "lineage": publication.lineage_rows(fates),
        "distributions": distribution_rows(
            registry.warehouse, dataset, originals, weights, partitions=model.partitions
        ),
    }
    insert_rows(registry, run_id, rows)
    moved = Movers(run_id, sums.sizes, by_model_before(registry, dataset, publication.before))
    write_movements(registry, dataset.name, dataset.key, publication.before, moved)
    run = _run_row(draft, publication, parts, rows["partitions"])
    published = published_model(dataset, model, {"run_id": run_id, **run}, segments)
    show(registry, publication, dataset, published, run)
    return published_run(registry, publication, {**rows, FIRST_OF_FIT: votes, "runs": [run]})


def _numbered(
    registry: Registry, draft: PartitionedDraft, publication: Publication
) -> tuple[dict[str, FittedPartition], list[Fate]]:
    """The partitions under the numbers that their segments keep, and what became of the old ones."""
    models = {value: part.fitted.model for value, part in draft.fitted.items()}
    neighbour = publication.before or publication.after
    alignments, gone = match_partitions(registry, draft.rows, models, neighbour, publication.runs)
    numbered = {
        value: dataclasses.replace(part, fitted=part.fitted.renumbered(alignments[value]))
        for value, part in draft.fitted.items()
    }
    return numbered, [*(fate for one in alignments.values() for fate in one.fates), *gone]


def _squared(parts: Mapping[str, FittedPartition]) -> Floats | None:
    """(k,) exact sums of squared distances; None if the written distances tell, as they do without row weights."""
    each = [part.fitted.squared for part in parts.values()]
    known = [squared for squared in each if squared is not None]
    return np.concatenate(known) if len(known) == len(each) else None


def _describe(
    registry: Registry,
    draft: PartitionedDraft,
    parts: Mapping[str, FittedPartition],
    model: Model,
    sums: SegmentSums,
) -> tuple[list[Record], list[Record]]:
    """Rows of `profiles` and `segments`: each partition described by itself, and named after it."""
    dataset, dialect = draft.rows.dataset, registry.warehouse.dialect
    rules = [rule for part in parts.values() for rule in part.fitted.rules]
    counted, profiled = read_profiles_of(registry.warehouse, dataset, model, rules)
    everyone = dataset.counts.kept
    segments = []
    for value, ids in segments_by_partition(model).items():
        part, own = parts[value], set(ids)
        described = describe(
            registry,
            part.dataset,
            part.fitted,
            sums,
            draft.actions,
            [row for row in counted if row["segment_id"] in own],
            [row for row in profiled if row["segment_id"] in own],
        )
        for row in segment_rows(part.selection, described, part.fitted.model):
            name = row["name"] if row["named_by"] == "analyst" else f"{value}: {row['name']}"
            rule = row["rule"] and in_partition(row["rule"], draft.rows.column, value, dialect)
            share = row["rows"] / everyone
            segments.append({**row, "name": name, "rule": rule, "share": share, "partition": value})
    return profiled, segments


def _sweep_rows(parts: Mapping[str, FittedPartition], sums: SegmentSums) -> list[Record]:
    """Rows of table `sweeps`; `is_chosen` says which of a run's sweep is published, and here there are several."""
    return [
        {**row, "is_chosen": None, "partition": value}
        for value, part in parts.items()
        for row in sweep_rows(part.selection, _inertia(part, sums))
    ]


def _inertia(part: FittedPartition, sums: SegmentSums) -> float:
    return sum(sums.inertia[segment] for segment in part.fitted.model.segment_ids)


def _partition_rows(
    draft: PartitionedDraft, parts: Mapping[str, FittedPartition], sums: SegmentSums
) -> list[Record]:
    """Rows of table `partitions` without the run's number; the refused ones too."""
    rows: list[Record] = []
    for value, part in parts.items():
        selection, fitted = part.selection, part.fitted
        decision, fit = selection.decision, selection.fit
        rows.append(
            {
                "partition": value,
                "status": "segmented",
                "rows": part.dataset.counts.kept,
                "reason": None,
                "fit_rows": len(selection.sweep.points.values),
                "fit_method": selection.sweep.points.method,
                "k": decision.k,
                "k_rule": decision.rule,
                "k_outcome": decision.outcome,
                "k_reason": decision.reason,
                "structure": decision.structure,
                "inertia": _inertia(part, sums),
                "silhouette": fit.silhouette,
                "davies_bouldin": fit.davies_bouldin,
                "calinski_harabasz": fit.calinski_harabasz,
                "stability": selection.agreement.get(fit.k),
                "density_agreement": selection.density_agreement(fitted.model),
                "lloyd_passes": fitted.passes,
                "converged": fitted.converged,
                "warnings": json.dumps(list(part.warnings)),
            }
        )
    nothing = dict.fromkeys(rows[0])
    return rows + [
        {
            **nothing,
            "partition": refusal.value,
            "status": "refused",
            "rows": refusal.rows,
            "reason": f"{refusal.reason}: {refusal.words}",
        }
        for refusal in draft.rows.refusals
        if refusal.value is not None
    ]


def _fit_rows(parts: Mapping[str, FittedPartition]) -> tuple[list[Floats], Floats]:
    """The fit rows of all partitions in the columns' own units, by transform; and their weights, for all rows."""
    originals: list[list[Floats]] = []
    weights = []
    for part in parts.values():
        points, transforms = part.selection.sweep.points, part.dataset.transforms
        originals.append(
            [t.to_original(column) for t, column in zip(transforms, points.values.T, strict=True)]
        )
        weights.append(points.weights * (points.total_weight / points.weights.sum()))
    return [np.concatenate(columns) for columns in zip(*originals, strict=True)], np.concatenate(weights)


def _run_row(
    draft: PartitionedDraft,
    publication: Publication,
    parts: Mapping[str, FittedPartition],
    partitions: Sequence[Record],
) -> Record:
    """What table `runs` says of all partitions together; what is of one only is null."""
    settings = draft.rows.dataset.settings
    segmented = [row for row in partitions if row["status"] == "segmented"]
    weights = [row["rows"] for row in segmented]

    def mean(column: str) -> float | None:
        """Of those that have a value, by their rows."""
        known = [
            (row[column], n) for row, n in zip(segmented, weights, strict=True) if row[column] is not None
        ]
        return sum(value * n for value, n in known) / sum(n for _, n in known) if known else None

    def common(column: str) -> str | None:
        values = {row[column] for row in segmented}
        return values.pop() if len(values) == 1 else None

    return {
        "status": "published",
        **dataset_row(draft.rows.dataset, draft.started_at),
        **publication.row(),
        "kind": FIT,
        "fit_run_id": publication.run_id,
        "fit_rows": sum(row["fit_rows"] for row in segmented),
        "fit_method": common("fit_method") or "sample",
        "k": sum(row["k"] for row in segmented),
        "k_rule": common("k_rule") or settings.rule,
        "k_outcome": common("k_outcome") or "chosen",
        "k_reason": f"one choice for each {draft.rows.column}: "
        + ", ".join(f"{row['partition']} {row['k']}" for row in segmented),
        "structure": common("structure"),
        "seed": settings.seed,
        "warnings": json.dumps(list(draft.warnings)),
        "algorithm": "kmeans",
        "inertia": sum(row["inertia"] for row in segmented),
        "silhouette": mean("silhouette"),
        "stability": mean("stability"),
        "lloyd_passes": max(row["lloyd_passes"] for row in segmented),
        "converged": all(row["converged"] for row in segmented),
        "scoring": next(iter(parts.values())).fitted.scoring,
    }
