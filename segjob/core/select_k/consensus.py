"""The default rule: count the groups by density, then ask the other rules wherever that leaves a doubt.

Every rule on k-means partitions assumes round groups of like width, so they fail together where groups are long,
unequal or drowned in features that carry nothing (benchmarks/CHOOSE_K.md). The count of groups does not assume it,
and it alone can answer one. It leads; the others decide between counts that the rows support equally well, and say
how sure the answer is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from segjob.core.select_k.density_count import Evidence, Solution
from segjob.core.select_k.indices import Vote
from segjob.core.select_k.modality import VALLEY

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Sweep

_WEAK = 6.0
_BORDERLINE = 0.1
_SCORES = (("silhouette", 1), ("calinski_harabasz", 1), ("davies_bouldin", -1))


@dataclass(frozen=True)
class Verdict:
    """What the rules come to; the fields are those of `choose.Choice`."""

    k: int | None
    outcome: Literal["chosen", "ambiguous", "none"]
    reason: str
    candidates: tuple[int, ...] = ()


def groups(evidence: Evidence) -> Vote:
    """Vote for the number of groups that density shows; `groups.look` gathers the evidence.

    The fewest groups of all the solutions that are behind the best by weak evidence only (6 in BIC; Raftery, 1995).
    """
    if not evidence.solutions:
        said = f"{evidence.rows} rows with a feature that varies are too few to see groups in"
        return Vote("groups", None, 0.0, said)
    near = [s for s in evidence.solutions if s.behind <= _WEAK]
    best = min(near, key=lambda s: (s.k, s.behind))
    return Vote("groups", best.k, _sureness(evidence, best), _described(best, evidence))


def _described(best: Solution, evidence: Evidence) -> str:
    scale = ", skewed features on a log scale" if evidence.logged else ""
    if best.components == 1:
        return f"one component explains the rows better than several do{scale}"
    if best.k == 1:
        return f"there is one peak of density: no valley divides the rows{scale}"
    return (
        f"{best.k} groups with a valley of density between any two of them (the shallowest falls to {best.kept:.0%} "
        f"of the lower peak; up to {VALLEY:.0%} counts){scale}"
    )


def decide(sweep: Sweep, evidence: Evidence, votes: Sequence[Vote]) -> Verdict:
    """Weigh the votes.

    Parameters
    ----------
    evidence : from `groups.look` at rows drawn from the fit rows.
    votes : every rule's; the null test's is asked for when one group is a candidate.
    """
    by_rule = {vote.rule: vote for vote in votes}
    if not evidence.solutions:
        return _without_evidence(by_rule)
    structure = (
        "null_test" in by_rule and by_rule["null_test"].strength > 0 and by_rule["null_test"].k is None
    )
    lead, rivals = _settled(sweep, evidence, structure=structure)
    k, said = lead.k, _described(lead, evidence)
    agreeing = [vote.rule for vote in votes if vote.k == k and vote.rule != "groups"]
    if not agreeing:
        rivals = tuple(sorted({s.k for s in evidence.solutions}.union(rivals) - {k}))
    if k == 1:
        return Verdict(None, "none", f"no structure: {said}")
    offered = [fit.k for fit in sweep.fits if fit.k > 1]
    if not offered:
        return Verdict(None, "none", f"the rows show {k} groups, but the range has no k above 1")
    if k not in offered:
        nearest = min(offered, key=lambda other: (abs(other - k), other))
        reason = f"the rows show {k} groups, which the range leaves out; k = {nearest} is the nearest in it"
        return Verdict(nearest, "ambiguous", reason, (nearest,))
    say = "say" if len(agreeing) > 1 else "says"
    backing = f"; {_listed(agreeing)} {say} the same" if agreeing else "; no other rule says the same"
    if rivals:
        named = " and ".join(f"k = {rival}" for rival in rivals)
        reason = f"k = {k} is the best guess, but {named} can be argued for nearly as well: {said}{backing}"
        return Verdict(k, "ambiguous", reason, (k, *rivals))
    return Verdict(k, "chosen", said + backing)


def _settled(sweep: Sweep, evidence: Evidence, *, structure: bool) -> tuple[Solution, tuple[int, ...]]:
    """The best solution of the number of groups that leads, and the other numbers that remain in question.

    Solutions within 10 of the lowest BIC are not told apart by BIC (Kass and Raftery, 1995): the null test may rule
    out one group, and the scores of the sweep decide between the others.
    """
    near = {s.k for s in evidence.solutions}
    if structure and len(near) > 1:
        near.discard(1)
    k = _favourite(sweep, near) or min(near)
    lead = min((s for s in evidence.solutions if s.k == k), key=lambda s: s.behind)
    rivals = near - {k}
    if lead.kept > VALLEY - _BORDERLINE:
        rivals.add(k - 1)
    if lead.joined < VALLEY + _BORDERLINE:
        rivals.add(k + 1)
    if structure and k > 1:
        rivals.discard(1)
    open_ = sorted(rival for rival in rivals if _favourite(sweep, {k, rival}) != k)
    return lead, tuple(open_)


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


def _without_evidence(by_rule: dict[str, Vote]) -> Verdict:
    fallback = by_rule["silhouette"]
    said = by_rule["groups"].reason
    if fallback.k is None:
        return Verdict(None, "none", said)
    reason = f"{said}; k = {fallback.k} is only the highest silhouette"
    return Verdict(fallback.k, "ambiguous", reason, (fallback.k,))


def _sureness(evidence: Evidence, best: Solution) -> float:
    """0 to 1: how far the valleys are from borderline, or the nearest other count is behind, whichever is less."""
    deep = min(VALLEY - best.kept, best.joined - VALLEY) / VALLEY
    others = [s.behind for s in evidence.solutions if s.k != best.k]
    ahead = min(1.0, (min(others, default=10.0)) / 10.0)
    return float(max(0.0, min(1.0, deep, ahead)))


def _listed(rules: Sequence[str]) -> str:
    return rules[0] if len(rules) == 1 else f"{', '.join(rules[:-1])} and {rules[-1]}"
