"""Which number each new segment is published under: matched to the current run, so that segment 3 stays segment 3."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa

from segjob.core.model import Floats, Model
from segjob.core.segments.match import Alignment, Fate, align, centroid_similarity, first, shared_similarity
from segjob.pipeline.measure import Dataset
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.runs import Record
from segjob.statements.published.movements import overlap

MATCH_ROWS = 200_000
"""Customers sampled to see which segments share them."""
ENOUGH_SHARED = 0.5
"""Share of the smaller run's customers that must be in both; with fewer, the centroids are matched instead."""


def match_segments(
    registry: Registry, dataset: Dataset, model: Model, previous: Record | None, runs: Sequence[Record]
) -> Alignment:
    """Number the segments; inside the transaction that publishes them, so that no other run comes in between.

    Parameters
    ----------
    previous : the run to match with; None for a first run. runs : all of the segmentation's.
    """
    if previous is None:
        return first(len(model.centroids))
    before = registry.load_model(previous, for_scoring=False)
    if before.model.partitions is not None:  # none of its segments is of all rows
        return _unlike(
            before.model, len(model.centroids), next_number(registry, [run["run_id"] for run in runs])
        )
    distances = centroid_distances(before.model, model)
    shared = _shared_customers(registry, dataset, model, before)
    similarity = shared_similarity(shared) if shared is not None else by_centroids(before.model, model)
    next_id = next_number(registry, [run["run_id"] for run in runs])
    return align(similarity, before.model.segment_ids, next_id, distances=distances, overlap=shared)


def _unlike(before: Model, k: int, number: int) -> Alignment:
    """All of the new segments are new, all of the old ones retired."""
    ids = tuple(range(number, number + k))
    retired = tuple(Fate(i, "retired") for i in before.segment_ids)
    return Alignment(ids, (*(Fate(i, "new") for i in ids), *retired))


def _shared_customers(
    registry: Registry, dataset: Dataset, model: Model, before: PublishedModel
) -> Floats | None:
    """(k_old, k_new) shared customers; None if they are too few to go by."""
    share = min(1.0, MATCH_ROWS / dataset.counts.kept)
    statement = overlap(
        dataset.relation,
        model,
        registry.history(dataset.name, dataset.key),
        before.run["run_id"],
        share=share,
        seed=dataset.settings.seed,
    )
    position = {segment: i for i, segment in enumerate(before.model.segment_ids)}
    shared = np.zeros((len(position), len(model.centroids)))
    for row in registry.warehouse.records(statement):
        shared[position[row["segment_id"]], row["cluster"]] = row["customers"]
    smaller = min(before.run["rows_segmented"], dataset.counts.kept)
    return shared if shared.sum() >= ENOUGH_SHARED * smaller * share else None


def by_centroids(before: Model, now: Model) -> Floats:
    """(k_old, k_new) by the features that both have; nothing alike where they have none."""
    old, new = _in_one_scale(before, now)
    if not old.shape[1]:
        return np.zeros((len(old), len(new)))
    return centroid_similarity(old, new)


def centroid_distances(before: Model, now: Model) -> Floats:
    old, new = _in_one_scale(before, now)
    distances: Floats = np.sqrt(((old[:, None] - new[None]) ** 2).sum(axis=2))
    return distances


def _in_one_scale(before: Model, now: Model) -> tuple[Floats, Floats]:
    """Both models' centroids in the new one's scale, on the features that both have."""
    position = {t.feature: j for j, t in enumerate(before.transforms)}
    shared = [(position[t.feature], j, t) for j, t in enumerate(now.transforms) if t.feature in position]
    old = [t.to_scaled(before.transforms[i].to_original(before.centroids[:, i])) for i, _, t in shared]
    new = [now.centroids[:, j] for _, j, _ in shared]
    empty = np.empty((len(before.centroids), 0)), np.empty((len(now.centroids), 0))
    return (np.column_stack(old), np.column_stack(new)) if shared else empty


def next_number(registry: Registry, run_ids: list[int]) -> int:
    segments = registry.table("segments")
    highest = sa.select(sa.func.max(segments.c.segment_id)).where(segments.c.run_id.in_(run_ids))
    return int(registry.warehouse.scalar(highest)) + 1
