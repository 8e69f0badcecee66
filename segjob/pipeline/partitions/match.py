"""Which number each new segment is published under: matched within its partition to the current run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from segjob.core.model import Floats, Model
from segjob.core.segments.match import Alignment, Fate, align, shared_similarity
from segjob.pipeline.match_segments import (
    ENOUGH_SHARED,
    MATCH_ROWS,
    by_centroids,
    centroid_distances,
    next_number,
)
from segjob.pipeline.partitions.measure import PartitionedRows
from segjob.registry.registry import Registry
from segjob.registry.runs import Record
from segjob.statements.published.movements import overlap


def match_partitions(
    registry: Registry,
    rows: PartitionedRows,
    models: Mapping[str, Model],
    previous: Record | None,
    runs: Sequence[Record],
) -> tuple[dict[str, Alignment], list[Fate]]:
    """Number the segments of each partition, and say what became of the old ones of partitions that are gone.

    A run with other partitions, or without any, has no segment that one of these could be.

    Parameters
    ----------
    previous : the run to match with; None for a first run. runs : all of the segmentation's.
    """
    alignments: dict[str, Alignment] = {}
    if previous is None:
        number = 1
        for value, model in models.items():
            alignments[value] = _all_new(model, number, is_first=True)
            number += len(model.segment_ids)
        return alignments, []
    before = registry.load_model(previous, for_scoring=False).model
    parts = before.partitions
    column = rows.column
    known: Mapping[str, Model] = {}
    if parts is not None and parts.column == column:
        known = {value: before.of_partition(position) for position, value in enumerate(parts.values)}
    shared = _shared_customers(registry, rows, models, known, previous)
    number = next_number(registry, [run["run_id"] for run in runs])
    for value, model in models.items():
        if (old := known.get(value)) is None:
            alignments[value] = _all_new(model, number)
        else:
            overlapping = shared.get(value)
            similarity = by_centroids(old, model) if overlapping is None else shared_similarity(overlapping)
            distances = centroid_distances(old, model)
            alignments[value] = align(
                similarity, old.segment_ids, number, distances=distances, overlap=overlapping
            )
        number = max([number, *(segment + 1 for segment in alignments[value].ids)])
    compared = {segment for value in models if value in known for segment in known[value].segment_ids}
    return alignments, [Fate(i, "retired") for i in before.segment_ids if i not in compared]


def _all_new(model: Model, number: int, *, is_first: bool = False) -> Alignment:
    ids = tuple(range(number, number + len(model.segment_ids)))
    return Alignment(ids, tuple(Fate(i, "first" if is_first else "new") for i in ids))


def _shared_customers(
    registry: Registry,
    rows: PartitionedRows,
    models: Mapping[str, Model],
    known: Mapping[str, Model],
    previous: Record,
) -> dict[str, Floats]:
    """By partition, (k_old, k_new) shared customers, by one statement; those with too few to go by are left out."""
    both = {value: model for value, model in models.items() if value in known}
    if not both:
        return {}
    dataset = rows.dataset
    share = min(1.0, MATCH_ROWS / dataset.counts.kept)
    numbered: dict[str, Model] = {}
    place_of: dict[int, tuple[str, int]] = {}
    first = 0
    for value, model in both.items():
        numbers = tuple(range(first, first + len(model.segment_ids)))
        numbered[value] = Model(model.transforms, numbers, model.centroids, model.outlier_distance)
        place_of |= {number: (value, j) for j, number in enumerate(numbers)}
        first += len(numbers)
    statement = overlap(
        dataset.relation,
        Model.together(rows.column, numbered),
        registry.history(dataset.name, dataset.key),
        previous["run_id"],
        share=share,
        seed=dataset.settings.seed,
    )
    shared = {
        value: np.zeros((len(known[value].segment_ids), len(both[value].segment_ids))) for value in both
    }
    for row in registry.warehouse.records(statement):
        value, j = place_of[row["cluster"]]
        if row["segment_id"] in known[value].segment_ids:
            shared[value][known[value].segment_ids.index(row["segment_id"]), j] += row["customers"]
    table = registry.table("segments")
    sizes = {
        row["segment_id"]: row["rows"] for row in registry.rows(table, table.c.run_id == previous["run_id"])
    }

    def is_enough(value: str) -> bool:
        before = sum(sizes.get(i, 0) for i in known[value].segment_ids)
        smaller = min(before, rows.parts[value].counts.kept)
        return bool(shared[value].sum() >= ENOUGH_SHARED * smaller * share)

    return {value: counts for value, counts in shared.items() if is_enough(value)}
