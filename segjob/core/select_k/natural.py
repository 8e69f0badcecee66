"""Natural segments: the groups are there, and the published segments are those groups.

Density has to show them on nearly every sample, the segments have to follow them and each be found again (Hennig,
2007), and another rule has to agree or density to leave no doubt at all. Stability alone does not show that groups
exist (Ben-David, von Luxburg and Pál, 2006), nor does density on one sample. Anything less is no claim: the division
may still be reproducible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from segjob.core.density import count
from segjob.core.density.modality import VALLEY
from segjob.core.density.samples import DensityCount, GroupCount
from segjob.core.select_k.followers import SAME, Bench, Follower
from segjob.core.select_k.votes import Algorithm, KRequest, Vote

_SUPPORT = 0.75
"""Three of four samples have to show the number; the fourth may be unlucky."""
_CLEAR, _CLEAR_VALLEY = 0.95, 0.5
"""Without another rule: every sample has the same groups, and the shallowest valley falls to half the lower peak."""
_STRONG = 6.0
"""Strong evidence against every other number, in BIC (Raftery, 1995), on the mean of the samples."""
_BORDERLINE = 0.1
"""A valley so little above the limit may be one: two groups about 3 standard deviations from each other."""
_OFTEN = 0.5
_RULES = ("silhouette", "calinski_harabasz", "davies_bouldin", "gap")
"""Neither the elbow, which always names some number, nor stability, which is asked for anyway and shows no groups."""


@dataclass(frozen=True)
class NaturalGroups:
    """The groups that density shows, and whether segments follow them.

    k : the number of groups, 1 for one, None if the rows leave it open: the vote of `groups`.
    is_natural : whether segments of this number are natural.
    groups : the same with labels; None without a number.
    follower : the division that follows the groups; None if none does.
    reason : one sentence.
    """

    k: int | None
    is_natural: bool
    groups: GroupCount | None
    follower: Follower | None
    reason: str

    def vote(self) -> Vote:
        """What the rule `groups` says: this reason and no other."""
        if self.groups is None:
            return Vote("groups", None, 0.0, self.reason)
        strength = self.groups.support * max(0.0, 1 - self.groups.shallowest_valley / VALLEY)
        return Vote("groups", self.k, strength, self.reason)


def natural_groups(bench: Bench, request: KRequest, rule_votes: Sequence[Vote]) -> NaturalGroups:
    """The groups that density shows, and whether segments follow them.

    Parameters
    ----------
    rule_votes : of every other rule that was asked.
    """
    density, votes = bench.evidence.groups.density, {vote.rule: vote.k for vote in rule_votes}
    if density is None:
        return NaturalGroups(None, False, None, None, "there are too few different rows to count groups in")
    groups = leading(density, votes)
    if groups is None:
        numbers = " and ".join(map(str, sorted(set(density.by_sample))))
        return NaturalGroups(None, False, None, None, f"density counts {numbers} groups on different rows")
    objection = _unclear(density, groups) or _outside(bench, groups)
    if objection:
        return NaturalGroups(groups.k, False, groups, None, objection)
    allowed, others = _algorithms(bench, request)
    is_deep = groups.shallowest_valley <= _CLEAR_VALLEY
    follower, tried = _first(bench.followers(groups, allowed), is_deep)
    agreeing = _agreeing(_number_for_rules(density, groups), votes)
    if follower is None:
        reason = _not_followed(groups, tried, allowed, _first(bench.followers(groups, others), is_deep)[0])
        return NaturalGroups(groups.k, False, groups, None, reason)
    if not agreeing and not _is_clear(density, groups):
        return NaturalGroups(groups.k, False, groups, None, f"{groups.k} groups, but no other rule says so")
    scale = ", skewed features on a log scale" if density.log_transformed else ""
    reason = (
        f"{groups.k} groups with a valley of density between any two of them, on every sample of the rows (the "
        f"shallowest falls to {groups.shallowest_valley:.0%} of the lower peak; up to {VALLEY:.0%} counts){scale}; "
        f"{_backing(agreeing)}{_too_small(groups)}"
    )
    return NaturalGroups(groups.k, True, groups, follower, reason)


def leading(density: DensityCount, votes: Mapping[str, int | None]) -> GroupCount | None:
    """The number of groups to ask about; None if the samples do not agree on any.

    Of those that nearly every sample shows, and that are not strongly behind in BIC, the one that most rules name.
    """
    firm = [c for c in density.counts if c.support >= _SUPPORT and not c.counts_small]
    if not firm:
        return None
    lowest = min(c.bic_difference for c in firm)
    near = [c for c in firm if c.bic_difference < lowest + _STRONG]
    several = [c for c in near if c.k > 1] or near
    best = max(
        several, key=lambda c: (len(_agreeing(c.k, votes)) if len(several) > 1 else 0, -c.bic_difference)
    )
    if best.small < _OFTEN:
        return best
    fine = [c for c in density.counts if c.counts_small and c.support >= _SUPPORT]
    return min(fine, key=lambda c: c.bic_difference, default=best)


def _unclear(density: DensityCount, groups: GroupCount) -> str:
    """What density itself leaves open, in words; empty if nothing."""
    k = groups.k
    if k == 1:
        return "no valley of density divides the rows"
    if any(c.k == 1 and c.support >= _OFTEN for c in density.counts):
        return f"one group explains the rows nearly as well as {k}"
    if min(groups.agreement, default=1.0) < SAME:
        return f"{k} groups, but not the same on different rows (adjusted Rand {min(groups.agreement):.2f})"
    if groups.small >= _OFTEN and not groups.counts_small:
        return f"{k} groups, and one of {groups.small_share:.1%} of the rows that not every sample shows"
    if groups.deepest_merged_valley < VALLEY + _BORDERLINE:
        return (
            f"{k} groups or more: a valley that falls to {groups.deepest_merged_valley:.0%} of a peak may divide "
            "one of them"
        )
    return ""


def _outside(bench: Bench, groups: GroupCount) -> str:
    """Whether the range leaves this number out."""
    if groups.k in [fit.k for fit in bench.sweep.fits]:
        return ""
    return f"{groups.k} groups, which k_range leaves out"


def _algorithms(bench: Bench, request: KRequest) -> tuple[tuple[Algorithm, ...], tuple[Algorithm, ...]]:
    """Those that may be published, in the order of preference, and those that can only be named."""
    # What is 0 or 1 has no normal density.
    mixture: tuple[Algorithm, ...] = () if bench.request.density.blocks else ("gaussian_mixture",)
    if request.algorithm == "auto":
        return ("kmeans", *mixture), ()
    return (request.algorithm,), mixture if request.algorithm == "kmeans" else ()


def _first(followers: Iterable[Follower], is_deep: bool) -> tuple[Follower | None, list[Follower]]:
    """The first that follows the groups, and all that were made until then.

    One that started at the groups needs deep valleys: its halves start there too, so it is stable by construction.
    """
    tried = []
    for follower in followers:
        tried.append(follower)
        if follower.follows and (is_deep or not follower.from_groups):
            return follower, tried
    return None, tried


def _not_followed(
    groups: GroupCount, tried: Sequence[Follower], allowed: Sequence[Algorithm], other: Follower | None
) -> str:
    """Why no division that may be published is the groups."""
    k, algorithm = groups.k, allowed[-1]
    name = {"kmeans": "k-means"}.get(algorithm, algorithm)
    best = max((f.agreement for f in tried), default=0.0)
    if any(f.follows for f in tried):
        reason = f"{k} groups with shallow valleys, which {name} finds only if it starts there"
    elif any(f.is_same for f in tried):
        reason = f"{k} groups, but their segments are not found again on random halves"
    elif len(allowed) > 1:
        reason = f"{k} groups that no algorithm follows (adjusted Rand {best:.2f})"
    else:
        reason = f"{k} groups that {name} cuts across (adjusted Rand {best:.2f})"
    if other is None:
        return reason
    follows = other.start.algorithm
    return f'{reason}; {follows} follows them ({other.agreement:.2f}): set algorithm = "auto" or "{follows}"'


def _is_clear(density: DensityCount, groups: GroupCount) -> bool:
    """Whether density leaves no doubt: no other number near on any sample, the same groups on all, deep valleys."""
    others = [
        c.bic_difference
        for c in density.counts
        if c.k != groups.k and not (c.counts_small or groups.counts_small)
    ]
    alone = min(others, default=count.CLOSE) >= groups.bic_difference + _STRONG
    same = min(groups.agreement, default=0.0) >= _CLEAR
    return alone and groups.support == 1 and same and groups.shallowest_valley <= _CLEAR_VALLEY


def _number_for_rules(density: DensityCount, groups: GroupCount) -> int:
    """The number that other rules can be asked to name: none of them sees a group of 1 % of the rows."""
    if not groups.counts_small:
        return groups.k
    without = [c.k for c in density.counts if not c.counts_small and c.small >= _OFTEN and c.k < groups.k]
    return max(without, default=groups.k)


def _agreeing(k: int, votes: Mapping[str, int | None]) -> tuple[str, ...]:
    return tuple(rule for rule in _RULES if votes.get(rule) == k)


def _too_small(groups: GroupCount) -> str:
    """The largest group that some samples show and that is too small to count, in words."""
    if groups.counts_small or not groups.small_share:
        return ""
    return (
        f"; a group of {groups.small_share:.1%} of the rows, which some samples show, is too small to count"
    )


def _backing(rules: Sequence[str]) -> str:
    if not rules:
        return "no other rule says so, but no sample leaves a doubt"
    listed = rules[0] if len(rules) == 1 else f"{', '.join(rules[:-1])} and {rules[-1]}"
    return f"{listed} {'says' if len(rules) == 1 else 'say'} the same"
