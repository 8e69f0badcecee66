"""How many segments: every k rule by its name in `segjob.toml`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from segjob.core.sampling import unweighted_sample
from segjob.core.select_k.consensus import decide, groups
from segjob.core.select_k.density_count import DensityCount, count_groups
from segjob.core.select_k.gap import gap, gap_by_k, null_test
from segjob.core.select_k.indices import calinski_harabasz, davies_bouldin, elbow, silhouette
from segjob.core.select_k.stability import stability, stability_by_k
from segjob.core.select_k.votes import Choice, Vote

if TYPE_CHECKING:
    from segjob.core.select_k.sweep import Sweep

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


def choose(
    sweep: Sweep,
    rule: str,
    *,
    gaps: Mapping[int, tuple[float, float]] | None = None,
    agreement: Mapping[int, float] | None = None,
    density: DensityCount | None = None,
) -> Choice:
    """Choose the number of segments by one named k rule.

    Parameters
    ----------
    sweep : the fits for every k of the range.
    rule : a name in `NAMES`; the config has checked it.
    gaps : from `gap_by_k`, if the caller has it already; computed if a rule needs it.
    agreement : from `stability_by_k`, likewise.
    density : from `count_groups` on an `unweighted_sample`, likewise; it does not depend on the sweep.

    Returns
    -------
    The choice, with the vote of every rule that was computed: all of them for `consensus`, else the everyday rules
    and the one named.
    """
    voting = [name for name in RULES if rule in ("consensus", name) or name in _EVERYDAY]
    if density is None and uses_density(rule):
        density = count_groups(unweighted_sample(sweep.points, sweep.seed), sweep.seed)
    votes = tuple(_vote(name, sweep, density, gaps, agreement) for name in voting)
    if rule == "consensus" and density is not None:
        return decide(sweep, density, votes)
    decided = next(vote for vote in votes if vote.rule == rule)
    if decided.k is None or decided.k == 1:
        return Choice(None, "none", rule, decided.reason, votes)
    if decided.k not in (fit.k for fit in sweep.fits):
        reason = f"{decided.reason}; k = {decided.k} is outside the range that was tried"
        return Choice(None, "none", rule, reason, votes)
    return Choice(decided.k, "chosen", rule, decided.reason, votes)


def uses_density(rule: str) -> bool:
    """Whether the rule needs the count of groups by density."""
    return rule in ("consensus", "groups")


def _vote(
    name: str,
    sweep: Sweep,
    density: DensityCount | None,
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
