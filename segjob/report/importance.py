"""Which features separate the segments most, and the two directions in which the rows differ most."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segjob.core.model import Floats
from segjob.report.data import Report
from segjob.report.words import feature_name

MOST_CELLS = 480
"""Segments times features that a page has room for."""
FEWEST_SHOWN = 8
"""Features that are shown at any number of segments."""
MOST_PAIRED = 10
"""Features of which pairs are compared, the most important."""
_LOADINGS = 3
"""Features that an axis is labelled with."""
_LEAST_LOADING = 0.3
"""Below this, a feature makes less than a tenth of a direction."""


@dataclass(frozen=True)
class Components:
    """The first two principal components of the sample, in scaled coordinates.

    places : (n, 2) the rows; centroids : (k, 2); loadings : (2, d) unit vectors; explained : (2,) shares of
    the variance.
    """

    places: Floats
    centroids: Floats
    loadings: Floats
    explained: Floats


def by_importance(report: Report) -> list[int]:
    """Positions of the numeric transforms, the most important first."""
    numeric = set(report.numeric)
    return [j for j in _ranked(report) if j in numeric]


def map_pairs(report: Report) -> list[tuple[int, int]]:
    """Pairs of numeric transforms, the one that tells the segments apart best first; the config's first is horizontal.

    A pair tells apart as many rows as are nearest, of all centroids, to their own segment's in these two features.
    """
    sample = report.sample
    order = by_importance(report)[:MOST_PAIRED]
    pairs = [(min(a, b), max(a, b)) for a, b in itertools.combinations(order, 2)]
    if sample is None or not len(sample.segment_id):
        return pairs
    ids = np.array([segment.segment_id for segment in report.segments])

    def told_apart(pair: tuple[int, int]) -> float:
        away = sample.scaled[:, None, pair] - report.centroids.scaled[None, :, pair]
        nearest = ids[(away**2).sum(axis=2).argmin(axis=1)]
        return float(sample.weight[nearest == sample.segment_id].sum())

    return sorted(pairs, key=lambda pair: -told_apart(pair))


def shown_features(report: Report) -> list[int]:
    """Positions of the transforms that are shown segment by segment: all, or the most important where they are many."""
    room = max(FEWEST_SHOWN, MOST_CELLS // max(len(report.segments), 1))
    return sorted(_ranked(report)[:room])


def _ranked(report: Report) -> list[int]:
    """Positions of all transforms, the most important first.

    Importance is the share of the feature's variance that lies between the segments (eta squared): the sum over the
    segments of share times z squared.
    """
    shares = {segment.segment_id: segment.share for segment in report.segments}

    def between(j: int) -> float:
        feature = report.transforms[j].feature
        profiles = (report.profile.get((segment, feature)) for segment in shares)
        return sum(shares[p.segment_id] * p.z**2 for p in profiles if p is not None and p.z is not None)

    return sorted(range(len(report.transforms)), key=lambda j: (-between(j), j))


def components(scaled: Floats, weight: Floats, centroids: Floats) -> Components:
    """Principal components (Pearson 1901) of weighted rows.

    Parameters
    ----------
    scaled : (n, d) with d >= 2; weight : (n,); centroids : (k, d).
    """
    share = weight / weight.sum()
    mean = share @ scaled
    centred = scaled - mean
    values, vectors = np.linalg.eigh((centred * share[:, None]).T @ centred)
    order = np.argsort(-values, kind="stable")[:2]
    loadings = vectors[:, order].T
    # A direction has no sign of its own: the largest loading is made positive, so that a map never flips.
    largest = np.abs(loadings).argmax(axis=1)
    loadings = loadings * np.sign(loadings[np.arange(2), largest])[:, None]
    total = values.sum()
    explained = values[order] / total if total > 0 else np.zeros(2)
    return Components(centred @ loadings.T, (centroids - mean) @ loadings.T, loadings, explained)


def axis_label(loadings: Floats, names: Sequence[str], most: int = _LOADINGS) -> str:
    """A direction's largest loadings, with arrows for their sign."""
    order = np.argsort(-np.abs(loadings), kind="stable")
    large = [j for j in order[:most] if abs(loadings[j]) >= _LEAST_LOADING] or [int(order[0])]
    return ", ".join(f"{names[j]} {'↑' if loadings[j] > 0 else '↓'}" for j in large)


def feature_names(report: Report) -> list[str]:
    """The features' names as words, in the order of the coordinates."""
    return [feature_name(report, transform) for transform in report.transforms]
