"""How many segments: the votes of all k rules, and the decision that reason, structure and warnings are made from.

Segments are natural, reproducible or constructive (Dolnicar, Grün and Leisch, *Market Segmentation Analysis*, 2018,
ch. 7): groups that are there, a division that other customers would give too, or neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segjob.core.select_k.division import CONVENTION, KEPT_STABILITY, Division, divide, divisions
from segjob.core.select_k.evidence import EvidenceRequest, KEvidence
from segjob.core.select_k.followers import Bench
from segjob.core.select_k.gap import gap, gap_by_k, null_test
from segjob.core.select_k.indices import (
    calinski_harabasz,
    davies_bouldin,
    elbow,
    silhouette,
    stability,
)
from segjob.core.select_k.natural import NaturalGroups, natural_groups
from segjob.core.select_k.segment_stability import FOUND_AGAIN, stability_by_k
from segjob.core.select_k.structure import DIVIDED_GROUPS
from segjob.core.select_k.votes import Algorithm, KDecision, KRequest, Outcome, Start, Structure, Vote

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Sweep

_EVERYDAY: dict[str, Callable[[Sweep], Vote]] = {
    "elbow": elbow,
    "silhouette": silhouette,
    "calinski_harabasz": calinski_harabasz,
    "davies_bouldin": davies_bouldin,
}

RULES = (*_EVERYDAY, "gap", "stability", "null_test", "groups")
"""Everything that votes, in the order of the votes. The null test rules one group out or not, and never counts."""

NAMES = ("consensus", *(name for name in RULES if name != "null_test"))
"""The rules that can choose, as written in the config."""


def choose(
    sweep: Sweep,
    request: EvidenceRequest,
    evidence: KEvidence,
    k_request: KRequest,
    gaps: Mapping[int, tuple[float, float]] | None = None,
) -> KDecision:
    """Decide on the number of segments.

    Parameters
    ----------
    sweep : the fits for every k of the range.
    request, evidence : of the same fit rows; see `evidence.gather`.
    gaps : from `gap_by_k`, if the caller has it already.

    Returns
    -------
    The decision, with the vote of every rule that was asked: all of them for `consensus`, else the everyday rules, the
    one named and `groups`.
    """
    bench = Bench(sweep, request, evidence)
    by_k = divisions(
        sweep,
        stability_by_k(request.halves, evidence.half_fits),
        stability_by_k(request.halves, evidence.half_fits, {fit.k: fit.centroids for fit in sweep.fits}),
    )
    asked_for = [name for name in RULES if k_request.rule in ("consensus", name) or name in _EVERYDAY]
    votes = [_vote(name, sweep, by_k, evidence, gaps) for name in asked_for if name != "groups"]
    natural = natural_groups(bench, k_request, votes)
    return _Decider(bench, k_request, by_k, natural, (*votes, natural.vote())).decide()


def _vote(
    name: str,
    sweep: Sweep,
    by_k: Sequence[Division],
    evidence: KEvidence,
    gaps: Mapping[int, tuple[float, float]] | None,
) -> Vote:
    if name in _EVERYDAY:
        return _EVERYDAY[name](sweep)
    if name == "gap":
        return gap(gap_by_k(sweep, evidence.groups.reference_inertia) if gaps is None else gaps)
    return stability(by_k) if name == "stability" else null_test(sweep)


@dataclass(frozen=True)
class _Decider:
    """Decides from what density shows, how finely the rows can be divided, and what is asked for."""

    bench: Bench
    request: KRequest
    divisions: tuple[Division, ...]
    natural: NaturalGroups
    votes: tuple[Vote, ...]

    def decide(self) -> KDecision:
        """What the user fixed, one named rule, natural groups, a reproducible division, or nothing."""
        if self.request.k is not None:
            return self._of_k(self.request.k, "fixed", "asked for, not chosen by a rule")
        if self.request.rule != "consensus":
            return self._by_one_rule()
        follower = self._follower()
        if follower is None:
            return self._divided(self.natural.reason)
        chosen = self._decision(self.natural.reason, follower, "chosen", "natural")
        broken = self.request.limits.objection(*self.bench.shares(follower))
        if not broken:
            return chosen
        divided = self._divided(f"{len(follower.centroids)} natural groups, but {broken}")
        # Groups that break a limit come before a division that breaks it too.
        return replace(chosen, unmet=broken) if divided.k is None or divided.unmet else divided

    def _follower(self) -> Start | None:
        """The division that is natural, if there is one."""
        follower = self.natural.follower if self.natural.is_natural else None
        return None if follower is None else follower.start

    def _divided(self, density: str) -> KDecision:
        """The finest reproducible division, if there is one.

        Parameters
        ----------
        density : why the rows are not taken as groups.
        """
        choice = divide(self.divisions, self.request.limits, self.request.previous_k)
        if choice.k is None:
            return self._none(f"{choice.reason}; {density}")
        start = self.bench.start(self._algorithm(), choice.k)
        least = self._least_stability(start)
        needed = KEPT_STABILITY if choice.k == self.request.previous_k else FOUND_AGAIN
        if start.algorithm != "kmeans" and least < needed:
            return self._none(
                f"k-means divides the rows into {choice.k} segments that are found again, but those of "
                f'{start.algorithm} are not (Jaccard {least:.2f}): take algorithm = "kmeans"; {density}'
            )
        division = DIVIDED_GROUPS if (self.natural.k or 1) > 1 else "a division of a continuum"
        reason = f"{density}, so this is {division} into {choice.k}: {choice.reason}"
        if start.algorithm != "kmeans":
            reason += f"; k is k-means', and {start.algorithm} was fitted with that many"
        return replace(self._decision(reason, start, "divided", "reproducible"), unmet=choice.unmet)

    def _by_one_rule(self) -> KDecision:
        vote = next(vote for vote in self.votes if vote.rule == self.request.rule)
        if vote.k is None or vote.k == 1:
            return self._none(vote.reason)
        if vote.k not in (division.k for division in self.divisions):
            return self._none(f"{vote.reason}; k = {vote.k} is outside the range that was tried")
        return self._of_k(vote.k, "chosen", vote.reason)

    def _of_k(self, k: int, outcome: Outcome, reason: str) -> KDecision:
        """A k that is published whatever its structure is."""
        follower = self._follower()
        if follower is not None and len(follower.centroids) == k:
            if self.request.rule != "groups" or outcome == "fixed":
                reason = f"{reason}; {self.natural.reason}"
            return self._decision(reason, follower, outcome, "natural")
        start = self.bench.start(self._algorithm(), k)
        least = self._least_stability(start)
        if k > 1 and least >= FOUND_AGAIN:
            stability = (
                f"{CONVENTION} (each segment is found again on random halves: lowest Jaccard {least:.2f})"
            )
            return self._decision(f"{reason}; {stability}", start, outcome, "reproducible")
        if k > 1:
            reason = f"{reason}; not every segment is found again on random halves (Jaccard {least:.2f})"
        return self._decision(reason, start, outcome, "constructive")

    def _none(self, reason: str) -> KDecision:
        """Nothing; or one segment, if that is allowed."""
        if not self.request.allow_one:
            return self._decision(reason, None, "none", "constructive")
        one = self.bench.start("kmeans", 1)
        return self._decision(f"{reason}; one segment is allowed", one, "none", "constructive")

    def _algorithm(self) -> Algorithm:
        """What divides rows that are not taken as groups."""
        return "kmeans" if self.request.algorithm == "auto" else self.request.algorithm

    def _least_stability(self, start: Start) -> float:
        stability = self.bench.stability_of(start)
        return 0.0 if stability is None else stability.least

    def _decision(
        self, reason: str, start: Start | None, outcome: Outcome, structure: Structure
    ) -> KDecision:
        groups = self.natural.groups
        return KDecision(
            k=None if start is None else len(start.centroids),
            outcome=outcome,
            structure=structure,
            rule="fixed" if outcome == "fixed" else self.request.rule,
            reason=reason,
            votes=self.votes,
            divisions=self.divisions,
            start=start,
            group_labels=None if groups is None or groups.k == 1 else groups.labels,
        )
