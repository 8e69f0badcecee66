"""One sentence on whether another algorithm is worth a change, by a rule that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from segjob.config import Algorithm
from segjob.core.compare.comparison import PUBLISHED, Comparison
from segjob.core.compare.density import SMALLEST_SHARE
from segjob.core.model import Labels

MARGIN = 0.03
"""Lead in silhouette that a change is worth: more than a sample of the judged rows varies."""
LITTLE_NOISE = 0.05
SAME_GROUPS = 0.8
"""Adjusted Rand index from which two partitions count as the same groups (good agreement; Steinley, 2004, 0.8)."""
PURE = 0.9
"""Share of the rows from which groups count as parts of segments."""
ALIKE = 0.6
"""Adjusted Rand index below which another partition is another answer."""
RULE = (
    f"An algorithm beats the published one where its silhouette, with noise counted as 0, is more than {MARGIN:g} "
    f"higher, its Davies-Bouldin index lower, its noise at most {LITTLE_NOISE:.0%} and none of its clusters below "
    f"{SMALLEST_SHARE:.0%} of the rows, because a few far rows on their own flatter both indices. The segments are "
    f"called cut across where DBSCAN and HDBSCAN agree with each other (adjusted Rand index from {SAME_GROUPS:g}) on "
    f"two groups or more that less than {PURE:.0%} of the rows share with most of their segment, and a matter of "
    f"the algorithm where none agrees with the published one by {ALIKE:g} or more."
)
"""What `judge` goes by."""
NAMES = {
    PUBLISHED: "k-means",
    "bisecting_kmeans": "bisecting k-means",
    "ward": "Ward",
    "average_linkage": "average linkage",
    "gaussian_mixture": "Gaussian mixture",
    "self_organising_map": "self-organising map",
    "dbscan": "DBSCAN",
    "hdbscan": "HDBSCAN",
}
"""The algorithms as people call them."""


@dataclass(frozen=True)
class Verdict:
    """What to do.

    outcome : `stay` with the published segments; `look` at them closely before relying on them; `change`, because
        `algorithm` does better.
    text : the same as a sentence, with its figures.
    """

    outcome: Literal["stay", "look", "change"]
    algorithm: str | None
    text: str


def judge(comparisons: Sequence[Comparison]) -> Verdict:
    """Judge the comparisons by `RULE`.

    Parameters
    ----------
    comparisons : as `compare` gives them, the published run first.
    """
    published, *others = comparisons
    ran = {rival.algorithm: rival for rival in others if rival.skipped is None}
    own = NAMES[published.algorithm]
    if not ran:
        return Verdict("stay", None, f"No other algorithm could be run on these rows: stay with {own}.")
    if published.clusters < 2:
        return Verdict("stay", None, "There is one segment, so there is nothing to compare it with.")
    better = [rival for rival in ran.values() if _beats(rival, published)]
    if better:
        return _change(max(better, key=_separation), published)
    return _cut_across(ran, published) or _apart(ran, own) or _stay(ran, own)


def purity(segments: Labels, groups: Labels) -> float:
    """Share of the rows whose group is the main one of their segment; 1 where every segment is part of one group.

    Parameters
    ----------
    segments, groups : (n,); rows that are noise (-1) in `groups` do not count.
    """
    inside = groups >= 0
    segments, groups = segments[inside], groups[inside]
    if not len(groups):
        return 1.0
    counts = np.zeros((int(segments.max()) + 1, int(groups.max()) + 1))
    np.add.at(counts, (segments, groups), 1)
    return float(counts.max(axis=1).sum() / len(groups))


def _separation(rival: Comparison) -> float:
    return (rival.silhouette or 0.0) * (1 - rival.noise_share)


def _beats(rival: Comparison, published: Comparison) -> bool:
    return (
        rival.davies_bouldin is not None
        and published.davies_bouldin is not None
        and rival.davies_bouldin < published.davies_bouldin
        and rival.noise_share <= LITTLE_NOISE
        and rival.smallest_share >= SMALLEST_SHARE
        and _separation(rival) > _separation(published) + MARGIN
    )


def _change(rival: Comparison, published: Comparison) -> Verdict:
    how = f', with algorithm = "{rival.algorithm}"' if rival.algorithm in get_args(Algorithm) else ""
    text = (
        f"{_name(rival)} separates the rows better than {NAMES[published.algorithm]} (silhouette "
        f"{rival.silhouette:.2f} against {published.silhouette:.2f}, {rival.clusters} groups): worth a change{how}."
    )
    return Verdict("change", rival.algorithm, text)


def _cut_across(ran: dict[str, Comparison], published: Comparison) -> Verdict | None:
    from sklearn.metrics import adjusted_rand_score

    dense = _dense(ran)
    if len(dense) < 2 or min(rival.clusters for rival in dense) < 2:
        return None
    agreement = float(adjusted_rand_score(dense[0].labels, dense[1].labels))
    shared = max(purity(published.labels, rival.labels) for rival in dense)
    if agreement < SAME_GROUPS or shared >= PURE:
        return None
    text = (
        f"DBSCAN and HDBSCAN agree ({agreement:.2f}) on {dense[1].clusters} groups that the segments cut across "
        f"(only {shared:.0%} of the rows are where most of their segment is): the groups are not round, so look "
        "at the map before relying on the segments."
    )
    return Verdict("look", dense[1].algorithm, text)


def _apart(ran: dict[str, Comparison], own: str) -> Verdict | None:
    nearest = _nearest(ran)
    if (nearest.agreement or 0.0) >= ALIKE:
        return None
    text = (
        f"Nothing here beats {own}, but {NAMES[nearest.algorithm]}, the nearest to it, agrees only "
        f"{nearest.agreement:.2f}: the segments are a matter of the algorithm, so look at the map before relying on "
        "them."
    )
    return Verdict("look", nearest.algorithm, text)


def _stay(ran: dict[str, Comparison], own: str) -> Verdict:
    nearest, dense = _nearest(ran), _dense(ran)
    text = f"{_name(nearest)} agrees {nearest.agreement:.2f} with {own}; nothing here beats it: stay"
    if len(dense) == 2 and all(rival.clusters < 2 for rival in dense):
        text += ", and know that DBSCAN and HDBSCAN see no gaps between the segments: their borders are a convention"
    return Verdict("stay", None, text + ".")


def _nearest(ran: dict[str, Comparison]) -> Comparison:
    return max(ran.values(), key=lambda rival: rival.agreement or 0.0)


def _dense(ran: dict[str, Comparison]) -> list[Comparison]:
    return [ran[name] for name in ("dbscan", "hdbscan") if name in ran]


def _name(rival: Comparison) -> str:
    name = NAMES[rival.algorithm]
    return name[0].upper() + name[1:]
