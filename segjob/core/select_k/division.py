"""How finely a continuum can be divided so that other customers would be divided the same way.

Where density shows no groups, the segments are reproducible or constructive (Dolnicar, Grün and Leisch, 2018,
ch. 7): the finest k is taken whose every segment is found again, is large enough, and still explains something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segjob.core.arrays import weighted_mean
from segjob.core.select_k.segment_stability import CHOSEN, FOUND_AGAIN, SegmentStability, explains_enough

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Sweep

MIN_SHARE = 0.05
"""Least share of the smallest segment if the config does not say otherwise."""

KEPT_STABILITY = 0.60
"""Least Jaccard index at which the last run's k is kept: doubtful by Hennig (2007), and not dissolved (.5)."""

KEPT_SHARE = 0.03
"""Least share of the smallest segment at which the last run's k is kept."""

CONVENTION = "the borders are a convention, but other customers would give the same"


@dataclass(frozen=True)
class Division:
    """One k of the sweep as a division of the customers.

    reference_stability : least mean Jaccard index of segments that do not depend on the run's seed; None where it
        cannot be measured (and for k = 1).
    stability : the same of the sweep's own segments, which are published; column `sweeps.segment_stability`.
    explained_variance : share of the variance, 0 to 1.
    step : what each segment more explains, compared with the next smaller k of the sweep (or with one segment).
    smallest_share, largest_share : of the weight.
    """

    k: int
    reference_stability: float | None
    stability: float | None
    explained_variance: float
    step: float
    smallest_share: float
    largest_share: float

    @property
    def least(self) -> float:
        """The lower of the two stabilities; 0 if they cannot be measured."""
        return min(self.reference_stability or 0.0, self.stability or 0.0)

    @property
    def is_reproducible(self) -> bool:
        """Whether every segment is found again, with the margin that a choice among several needs."""
        return (self.reference_stability or 0.0) >= CHOSEN and (self.stability or 0.0) >= FOUND_AGAIN


@dataclass(frozen=True)
class ShareLimits:
    """The least and largest share of a segment that the config asks for; None where it does not."""

    min_share: float | None = None
    max_share: float | None = None

    def objection(self, smallest_share: float, largest_share: float) -> str:
        """Which limit these shares break, in words; empty if none."""
        if self.min_share is not None and smallest_share < self.min_share:
            return (
                f"the smallest segment holds {smallest_share:.1%}, less than min_share = {self.min_share:g}"
            )
        if self.max_share is not None and largest_share > self.max_share:
            return f"the largest segment holds {largest_share:.1%}, more than max_share = {self.max_share:g}"
        return ""


@dataclass(frozen=True)
class DivisionChoice:
    """The finest reproducible division.

    k : None if nothing is reproducible; reason : why, in words.
    unmet : limits that no reproducible division respects, in words; empty if there are none.
    """

    k: int | None
    reason: str
    unmet: str = ""


def divisions(
    sweep: Sweep, reference: Mapping[int, SegmentStability], published: Mapping[int, SegmentStability]
) -> tuple[Division, ...]:
    """Every k of the sweep as a division.

    Parameters
    ----------
    reference : from `stability_by_k` without centroids; published : of the sweep's centroids.
    """
    values, weights = sweep.points.values, sweep.points.weights
    total = float(weights @ ((values - weighted_mean(values, weights)) ** 2).sum(axis=1))
    by_k: list[Division] = []
    before, below = 1, 0.0
    for fit in sweep.fits:
        explained = 1 - fit.inertia / total if total > 0 else 0.0
        step = (explained - below) / max(1, fit.k - before)
        least, own = (each[fit.k].least if fit.k in each else None for each in (reference, published))
        by_k.append(Division(fit.k, least, own, explained, step, fit.smallest_share, fit.largest_share))
        before, below = fit.k, explained
    return tuple(by_k)


def divide(
    divisions: Sequence[Division], limits: ShareLimits, previous_k: int | None = None
) -> DivisionChoice:
    """Choose the finest reproducible division.

    Parameters
    ----------
    limits : respected if a reproducible division respects them, else answered in `unmet`: first max_share is given up,
        then min_share, then both.
    previous_k : the last run's k, kept while its segments are still found again and large enough.
    """
    candidates = [d for d in divisions if d.k > 1]
    for tried in (limits, ShareLimits(limits.min_share), ShareLimits(None, limits.max_share), ShareLimits()):
        kept = [d for d in candidates if d.k == previous_k and _can_stay(d, tried)]
        passing = [d for d in candidates if not _objection(d, tried)]
        if kept or passing:
            choice = (kept or passing)[-1]
            finer = next((d for d in reversed(candidates) if d.k > choice.k and d.is_reproducible), None)
            reason = _reason(choice, choice not in passing)
            if finer is not None and finer not in passing:
                reason += f"; k = {finer.k} would be too, but {_objection(finer, tried)}"
            return DivisionChoice(choice.k, reason, _unmet(limits, tried, candidates))
    return DivisionChoice(None, _why_none(candidates))


def _objection(division: Division, limits: ShareLimits) -> str:
    """What speaks against choosing this k, in words; empty if nothing does."""
    if division.reference_stability is None:
        return "there are too few different rows to divide into halves"
    if not division.is_reproducible:
        return f"not every segment is found again (Jaccard {division.least:.2f})"
    least_share = MIN_SHARE if limits.min_share is None else limits.min_share
    broken = ShareLimits(least_share, limits.max_share).objection(
        division.smallest_share, division.largest_share
    )
    if broken:
        return broken
    if not explains_enough(division.explained_variance, division.step):
        return f"the last segment explains only {division.step:.1%} of the variance"
    return ""


def _can_stay(division: Division, limits: ShareLimits) -> bool:
    """Whether the last run's k is still good enough."""
    least_share = KEPT_SHARE if limits.min_share is None else limits.min_share
    broken = ShareLimits(least_share, limits.max_share).objection(
        division.smallest_share, division.largest_share
    )
    return division.stability is not None and division.stability >= KEPT_STABILITY and not broken


def _reason(choice: Division, stays: bool) -> str:
    if not stays:
        return f"{CONVENTION} (each segment is found again on random halves: lowest Jaccard {choice.stability:.2f})"
    return (
        f"{CONVENTION}; {choice.k} segments are kept from the last run, because each is still found again on random "
        f"halves (lowest Jaccard {choice.stability:.2f})"
    )


def _unmet(limits: ShareLimits, respected: ShareLimits, divisions: Sequence[Division]) -> str:
    """The limits that were given up, and how near the reproducible divisions come to them."""
    reproducible = [d for d in divisions if d.is_reproducible]
    messages = []
    if limits.min_share != respected.min_share:
        most = max((d.smallest_share for d in reproducible), default=0.0)
        messages.append(
            f"min_share = {limits.min_share:g} cannot be had: the smallest segment of a reproducible division holds "
            f"{most:.1%} at most"
        )
    if limits.max_share != respected.max_share:
        least = min((d.largest_share for d in reproducible), default=1.0)
        messages.append(
            f"max_share = {limits.max_share:g} cannot be had: the largest segment of a reproducible division holds "
            f"{least:.1%} at least"
        )
    return "; ".join(messages)


def _why_none(divisions: Sequence[Division]) -> str:
    measured = [d for d in divisions if d.reference_stability is not None]
    if not measured:
        return "there are too few different rows to divide into halves"
    best = max(measured, key=lambda d: (d.is_reproducible, d.least))
    if best.is_reproducible:
        return (
            f"no division is reproducible and large enough: at k = {best.k} {_objection(best, ShareLimits())}"
        )
    margin = f", less than {CHOSEN:.2f}" if best.least >= FOUND_AGAIN else ""
    return (
        "on random halves of the customers no k gives the same segments again "
        f"(k = {best.k} comes nearest: Jaccard {best.least:.2f}{margin})"
    )
