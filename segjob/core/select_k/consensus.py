"""The default rule: count the groups by density, then ask the other rules wherever that leaves a doubt.

Every rule on k-means partitions assumes round groups of like width, so they fail together where groups are long,
unequal or drowned in features that carry nothing (benchmarks/CHOOSE_K.md). The count of groups does not assume it,
and it alone can answer one. It leads; the others decide between counts that the rows support equally well, and say
how sure the answer is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from segjob.core.select_k.density_count import DensityCount, Solution
from segjob.core.select_k.modality import VALLEY
from segjob.core.select_k.votes import Choice, Vote

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Sweep

_WEAK = 6.0
_BORDERLINE = 0.1
_SCORES = (("silhouette", 1), ("calinski_harabasz", 1), ("davies_bouldin", -1))


def groups(density: DensityCount) -> Vote:
    """Vote for the number of groups that density shows; `count_groups` fits the mixtures.

    The fewest groups of all the solutions that are behind the best by weak evidence only (6 in BIC; Raftery, 1995).
    """
    if not density.solutions:
        reason = f"{density.rows} rows with a feature that varies are too few to see groups in"
        return Vote("groups", None, 0.0, reason)
    near = [s for s in density.solutions if s.bic_difference <= _WEAK]
    best = min(near, key=lambda s: (s.k, s.bic_difference))
    return Vote("groups", best.k, _sureness(density, best), _described(best, density))


def _described(best: Solution, density: DensityCount) -> str:
    scale = ", skewed features on a log scale" if density.log_transformed else ""
    if best.components == 1:
        return f"one component explains the rows better than several do{scale}"
    if best.k == 1:
        return f"there is one peak of density: no valley divides the rows{scale}"
    return (
        f"{best.k} groups with a valley of density between any two of them (the shallowest falls to "
        f"{best.shallowest_valley:.0%} of the lower peak; up to {VALLEY:.0%} counts){scale}"
    )


def decide(sweep: Sweep, density: DensityCount, votes: Sequence[Vote]) -> Choice:
    """Weigh the votes.

    Parameters
    ----------
    density : from `density_count.count_groups` on a sample of the fit rows.
    votes : every rule's; the null test's says whether one group can be ruled out.
    """
    if not density.solutions:
        return _by_silhouette(votes)
    structure = any(vote.rule == "null_test" and vote.strength > 0 and vote.k is None for vote in votes)
    lead, rivals = _settled(sweep, density, structure=structure)
    k, description = lead.k, _described(lead, density)
    agreeing = [vote.rule for vote in votes if vote.k == k and vote.rule != "groups"]
    if not agreeing:
        rivals = tuple(sorted({s.k for s in density.solutions}.union(rivals) - {k}))
    if k == 1:
        return _choice(votes, None, "none", f"no structure: {description}")
    offered = [fit.k for fit in sweep.fits if fit.k > 1]
    if not offered:
        return _choice(votes, None, "none", f"the rows show {k} groups, but the range has no k above 1")
    if k not in offered:
        nearest = min(offered, key=lambda other: (abs(other - k), other))
        reason = f"the rows show {k} groups, which the range leaves out; k = {nearest} is the nearest in it"
        return _choice(votes, nearest, "ambiguous", reason, (nearest,))
    say = "say" if len(agreeing) > 1 else "says"
    backing = f"; {_listed(agreeing)} {say} the same" if agreeing else "; no other rule says the same"
    if rivals:
        named = " and ".join(f"k = {rival}" for rival in rivals)
        reason = (
            f"k = {k} is the best guess, but {named} can be argued for nearly as well: {description}{backing}"
        )
        return _choice(votes, k, "ambiguous", reason, (k, *rivals))
    return _choice(votes, k, "chosen", description + backing)


def _settled(sweep: Sweep, density: DensityCount, *, structure: bool) -> tuple[Solution, tuple[int, ...]]:
    """The best solution of the number of groups that leads, and the other numbers that remain in question.

    Solutions within 10 of the lowest BIC are not told apart by BIC (Kass and Raftery, 1995): the null test may rule
    out one group, and the scores of the sweep decide between the others.
    """
    near = {s.k for s in density.solutions}
    if structure and len(near) > 1:
        near.discard(1)
    k = _favourite(sweep, near) or min(near)
    lead = min((s for s in density.solutions if s.k == k), key=lambda s: s.bic_difference)
    rivals = near - {k}
    if lead.shallowest_valley > VALLEY - _BORDERLINE:
        rivals.add(k - 1)
    if lead.deepest_merged_valley < VALLEY + _BORDERLINE:
        rivals.add(k + 1)
    if structure and k > 1:
        rivals.discard(1)
    undecided = sorted(rival for rival in rivals if _favourite(sweep, {k, rival}) != k)
    return lead, tuple(undecided)


def _favourite(sweep: Sweep, ks: set[int]) -> int | None:
    """The one of these that most of three scores put first, whatever else the range holds; None if they cannot say."""
    fits = [fit for fit in sweep.fits if fit.k in ks]
    if len(fits) < len(ks):
        return None
    firsts = []
    for name, sign in _SCORES:
        scores = {fit.k: getattr(fit, name) for fit in fits}
        if any(value is None or not np.isfinite(value) for value in scores.values()):
            return None
        firsts.append(max(scores, key=lambda k: sign * scores[k]))
    return next((k for k in firsts if firsts.count(k) > 1), None)


def _by_silhouette(votes: Sequence[Vote]) -> Choice:
    """What is left where there are too few rows to count groups in."""
    by_rule = {vote.rule: vote for vote in votes}
    fallback, why = by_rule["silhouette"], by_rule["groups"].reason
    if fallback.k is None:
        return _choice(votes, None, "none", why)
    reason = f"{why}; k = {fallback.k} is only the highest silhouette"
    return _choice(votes, fallback.k, "ambiguous", reason, (fallback.k,))


def _sureness(density: DensityCount, best: Solution) -> float:
    """0 to 1: how far the valleys are from borderline, or the nearest other count is behind, whichever is less."""
    deep = min(VALLEY - best.shallowest_valley, best.deepest_merged_valley - VALLEY) / VALLEY
    others = [s.bic_difference for s in density.solutions if s.k != best.k]
    ahead = min(1.0, (min(others, default=10.0)) / 10.0)
    return float(max(0.0, min(1.0, deep, ahead)))


def _choice(
    votes: Sequence[Vote],
    k: int | None,
    outcome: Literal["chosen", "ambiguous", "none"],
    reason: str,
    candidates: tuple[int, ...] = (),
) -> Choice:
    return Choice(k, outcome, "consensus", reason, tuple(votes), candidates)


def _listed(rules: Sequence[str]) -> str:
    return rules[0] if len(rules) == 1 else f"{', '.join(rules[:-1])} and {rules[-1]}"
