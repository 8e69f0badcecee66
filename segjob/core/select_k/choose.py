"""How many segments: the front door of every rule, named as in `segjob.toml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from segjob.core.sampling import draw
from segjob.core.select_k.consensus import decide, groups
from segjob.core.select_k.density_count import Evidence, look
from segjob.core.select_k.gap import gap, gap_by_k, null_test
from segjob.core.select_k.indices import Vote, calinski_harabasz, davies_bouldin, elbow, silhouette
from segjob.core.select_k.stability import stability, stability_by_k

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Sweep

__all__ = ["NAMES", "RULES", "Choice", "Vote", "choose", "counts_groups", "gap_by_k", "stability_by_k"]

_EVERYDAY: dict[str, Callable[[Sweep], Vote]] = {
    "elbow": elbow,
    "silhouette": silhouette,
    "calinski_harabasz": calinski_harabasz,
    "davies_bouldin": davies_bouldin,
}

RULES = (*_EVERYDAY, "gap", "stability", "null_test", "groups")
"""Everything that votes, in the order of the votes. The null test says whether there is structure, never how much."""

NAMES = ("consensus", *(name for name in RULES if name != "null_test"))
"""The rules that can choose, as written in the config."""


@dataclass(frozen=True)
class Choice:
    """The number of segments and why.

    k : what to publish; None when the outcome is `none`.
    outcome : `chosen`; `ambiguous` (k is the best of `candidates`, others are nearly as good); `fixed`
        (the user said so); `none` (no structure, or the rule finds nothing: nothing to publish).
    rule : who decided.
    reason : why, in words.
    votes : every rule's vote, the elbow always among them.
    candidates : the k's that remain in question, best first; empty unless `ambiguous`.
    """

    k: int | None
    outcome: Literal["chosen", "ambiguous", "fixed", "none"]
    rule: str
    reason: str
    votes: tuple[Vote, ...]
    candidates: tuple[int, ...] = ()


def choose(
    sweep: Sweep,
    rule: str,
    *,
    gaps: Mapping[int, tuple[float, float]] | None = None,
    agreement: Mapping[int, float] | None = None,
    density: Evidence | None = None,
) -> Choice:
    """Choose the number of segments by one named rule.

    Parameters
    ----------
    sweep : the fits for every k of the range.
    rule : a name in `NAMES`; the config has checked it.
    gaps : from `gap_by_k`, where the caller has it already; worked out where a rule needs it.
    agreement : from `stability_by_k`, likewise.
    density : from `look` at rows from `draw`, likewise; it does not depend on the sweep.

    Returns
    -------
    The choice, with the vote of every rule that was asked: all of them for `consensus`, else the everyday rules and
    the one named.
    """
    asked = [name for name in RULES if rule in ("consensus", name) or name in _EVERYDAY]
    if density is None and counts_groups(rule):
        density = look(draw(sweep.points, sweep.seed), sweep.seed)
    votes = tuple(_vote(name, sweep, density, gaps, agreement) for name in asked)
    if rule == "consensus" and density is not None:
        verdict = decide(sweep, density, votes)
        return Choice(verdict.k, verdict.outcome, rule, verdict.reason, votes, verdict.candidates)
    decided = next(vote for vote in votes if vote.rule == rule)
    if decided.k is None or decided.k == 1:
        return Choice(None, "none", rule, decided.reason, votes)
    if decided.k not in (fit.k for fit in sweep.fits):
        reason = f"{decided.reason}; k = {decided.k} is outside the range that was tried"
        return Choice(None, "none", rule, reason, votes)
    return Choice(decided.k, "chosen", rule, decided.reason, votes)


def counts_groups(rule: str) -> bool:
    """Whether the rule asks how many groups density shows."""
    return rule in ("consensus", "groups")


def _vote(
    name: str,
    sweep: Sweep,
    density: Evidence | None,
    gaps: Mapping[int, tuple[float, float]] | None,
    agreement: Mapping[int, float] | None,
) -> Vote:
    if name in _EVERYDAY:
        return _EVERYDAY[name](sweep)
    if name == "gap":
        return gap(gap_by_k(sweep) if gaps is None else gaps)
    if name == "stability":
        return stability(stability_by_k(sweep) if agreement is None else agreement)
    return null_test(sweep) if density is None or name == "null_test" else groups(density)
