"""Which segment of the new fit is which of the run before: matched, so that segment 3 stays segment 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segjob.core.arrays import squared_distances
from segjob.core.assignment import best_assignment
from segjob.core.model import Floats

KEPT = 1 / 3
"""Least similarity at which a segment keeps its number: with less it has more new customers than old ones in common."""
SAME = 0.9
"""Similarity from which a segment counts as the same, and not as changed."""
MAJORITY = 0.5
"""Share of a new (retired) segment's customers that makes it a split of (a merger into) another."""

Change = Literal["first", "same", "changed", "new", "retired"]


@dataclass(frozen=True)
class Fate:
    """What became of one segment.

    similarity : 0 to 1; None for a segment without a counterpart. moved : the centroid's way, None likewise.
    """

    segment_id: int
    change: Change
    similarity: float | None = None
    moved: float | None = None
    split_from_segment_id: int | None = None
    merged_into_segment_id: int | None = None


@dataclass(frozen=True)
class Alignment:
    """ids : the published number of each new cluster, in their order. fates : of them, then of the retired ones."""

    ids: tuple[int, ...]
    fates: tuple[Fate, ...]


def first(k: int) -> Alignment:
    """Numbers for a first run: 1 to k."""
    ids = tuple(range(1, k + 1))
    return Alignment(ids, tuple(Fate(i, "first") for i in ids))


def shared_similarity(overlap: Floats) -> Floats:
    """Jaccard's index (1901): customers in both segments over customers in either.

    Parameters
    ----------
    overlap : (k_old, k_new) customers that were in one and are in the other.

    Returns
    -------
    (k_old, k_new), 0 to 1.
    """
    either = overlap.sum(axis=1, keepdims=True) + overlap.sum(axis=0, keepdims=True) - overlap
    similarity: Floats = np.divide(overlap, either, out=np.zeros(overlap.shape), where=either > 0)
    return similarity


def centroid_similarity(old: Floats, new: Floats) -> Floats:
    """1 where two centroids meet, 0 from where the way is as long as that to the old centroid's nearest neighbour.

    Parameters
    ----------
    old, new : (k_old, d), (k_new, d) in one scale.

    Returns
    -------
    (k_old, k_new), 0 to 1.
    """
    distances = np.sqrt(squared_distances(old, new))
    between = np.sqrt(squared_distances(old, old))
    np.fill_diagonal(between, np.inf)
    nearest = between.min(axis=1, keepdims=True) if len(old) > 1 else np.full((1, 1), np.inf)
    similarity: Floats = np.clip(1 - distances / np.maximum(nearest, np.finfo(float).tiny), 0, 1)
    return similarity


def align(
    similarity: Floats,
    old_ids: Sequence[int],
    next_id: int,
    *,
    distances: Floats,
    overlap: Floats | None = None,
) -> Alignment:
    """Match new clusters to old segments one to one, so that the summed similarity is highest (Kuhn 1955).

    Parameters
    ----------
    similarity : (k_old, k_new), 0 to 1.
    old_ids : the old segments' numbers, in the order of the rows.
    next_id : the first number that was never used.
    distances : (k_old, k_new) between the centroids, to say how far a segment moved.
    overlap : (k_old, k_new) shared customers, to say what was split or merged; None where they are not known.
    """
    partner = {j: i for i, j in best_assignment(similarity) if similarity[i, j] >= KEPT}
    ids, fates = [], []
    for j in range(similarity.shape[1]):
        if (i := partner.get(j)) is not None:
            alike = float(similarity[i, j])
            change: Change = "same" if alike >= SAME else "changed"
            fate = Fate(old_ids[i], change, alike, float(distances[i, j]))
        else:
            origin = _majority(overlap[:, j] if overlap is not None else None)
            fate = Fate(next_id, "new", split_from_segment_id=None if origin is None else old_ids[origin])
            next_id += 1
        ids.append(fate.segment_id)
        fates.append(fate)
    for i in sorted(set(range(len(old_ids))) - set(partner.values())):
        heir = _majority(overlap[i] if overlap is not None else None)
        fates.append(Fate(old_ids[i], "retired", merged_into_segment_id=None if heir is None else ids[heir]))
    return Alignment(tuple(ids), tuple(fates))


def _majority(customers: Floats | None) -> int | None:
    """The position that holds most of them, if it holds `MAJORITY`."""
    if customers is None or customers.sum() <= 0:
        return None
    best = int(np.argmax(customers))
    return best if customers[best] >= MAJORITY * customers.sum() else None
