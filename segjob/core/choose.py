"""How many segments: the front door of every rule, named as in `segjob.toml`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from segjob.core.votes import Vote, calinski_harabasz, davies_bouldin, elbow, silhouette

if TYPE_CHECKING:
    from segjob.core.sweep import Sweep

__all__ = ["RULES", "Choice", "Vote", "choose"]

RULES: dict[str, Callable[[Sweep], Vote]] = {
    "elbow": elbow,
    "silhouette": silhouette,
    "calinski_harabasz": calinski_harabasz,
    "davies_bouldin": davies_bouldin,
}
"""The single rules by name."""


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


def choose(sweep: Sweep, rule: str) -> Choice:
    """Choose the number of segments by one named rule.

    Parameters
    ----------
    sweep : the fits for every k of the range.
    rule : a name in `RULES`; the config has checked it.
    """
    votes = tuple(vote(sweep) for vote in RULES.values())
    decided = next(vote for vote in votes if vote.rule == rule)
    outcome: Literal["chosen", "none"] = "none" if decided.k is None else "chosen"
    return Choice(decided.k, outcome, rule, decided.reason, votes)
