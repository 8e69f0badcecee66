"""Which number each new cluster is published under: matched to the current run, so that segment 3 stays segment 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from segjob.core.model import Floats, Model
from segjob.core.segments.match import Alignment, align, centroid_similarity, first, shared_similarity
from segjob.pipeline.measure import Prepared
from segjob.registry.models import Published, load
from segjob.registry.runs import Record
from segjob.statements.published.movements import overlap
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse

MATCH_ROWS = 200_000
"""Customers looked at to see which segments share them."""
ENOUGH_SHARED = 0.5
"""Share of the smaller run's customers that must be in both; with fewer, the centroids are matched instead."""


@dataclass(frozen=True)
class Matched:
    """The model under its published numbers, in their order; `order` are the clusters' old positions."""

    model: Model
    order: list[int]
    alignment: Alignment
    previous: Record | None


def match(
    warehouse: Warehouse,
    contract: PublishedTables,
    prepared: Prepared,
    model: Model,
    seed: int,
    runs: Sequence[Record],
) -> Matched:
    """Number the clusters; inside the transaction that publishes them, so that the current run stays it.

    Parameters
    ----------
    runs : all that are in the warehouse, as `list_runs` has them.
    """
    own = [run for run in runs if run["segmentation"] == prepared.resolved.name]
    previous = next((run for run in own if run["is_current"]), None)
    if previous is None:
        return _ordered(model, first(len(model.centroids)), previous)
    before = load(warehouse, contract, previous)
    distances = _distances(before.model, model)
    shared = _overlap(warehouse, contract, prepared, model, before, seed)
    similarity = shared_similarity(shared) if shared is not None else _by_centroids(before.model, model)
    next_id = _next_id(warehouse, contract, [run["run_id"] for run in own])
    alignment = align(similarity, before.model.segment_ids, next_id, distances=distances, overlap=shared)
    return _ordered(model, alignment, previous)


def _ordered(model: Model, alignment: Alignment, previous: Record | None) -> Matched:
    order = sorted(range(len(alignment.ids)), key=lambda j: alignment.ids[j])
    return Matched(model.numbered(alignment.ids, order), order, alignment, previous)


def _overlap(
    warehouse: Warehouse,
    contract: PublishedTables,
    prepared: Prepared,
    model: Model,
    before: Published,
    seed: int,
) -> Floats | None:
    """(k_old, k_new) shared customers; None where they are too few to go by."""
    resolved = prepared.resolved
    history = contract.history(resolved.name, resolved.key.name, resolved.key.type)
    share = min(1.0, MATCH_ROWS / prepared.measured.kept)
    statement = overlap(
        prepared.relation,
        model,
        history,
        before.run["run_id"],
        share=share,
        seed=seed,
    )
    position = {segment: i for i, segment in enumerate(before.model.segment_ids)}
    found = np.zeros((len(position), len(model.centroids)))
    for row in warehouse.records(statement):
        found[position[row["segment_id"]], row["cluster"]] = row["customers"]
    smaller = min(before.run["rows_segmented"], prepared.measured.kept)
    return found if found.sum() >= ENOUGH_SHARED * smaller * share else None


def _by_centroids(before: Model, now: Model) -> Floats:
    """(k_old, k_new) by the features that both have; nothing alike where they have none."""
    old, new = _in_one_scale(before, now)
    if not old.shape[1]:
        return np.zeros((len(old), len(new)))
    return centroid_similarity(old, new)


def _distances(before: Model, now: Model) -> Floats:
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


def _next_id(warehouse: Warehouse, contract: PublishedTables, run_ids: list[int]) -> int:
    segments = contract.table("segments")
    highest = sa.select(sa.func.max(segments.c.segment_id)).where(segments.c.run_id.in_(run_ids))
    return int(warehouse.scalar(highest)) + 1
