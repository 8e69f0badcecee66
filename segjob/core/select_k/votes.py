"""What a k rule says, and what comes of it: the types that every rule of this package returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Vote:
    """What one k rule says; one row of table `k_votes`.

    rule : the rule's name.
    k : the number of segments it votes for, None if it finds none.
    strength : 0 (a coin toss) to 1 (no other k comes near).
    reason : why, in words.
    """

    rule: str
    k: int | None
    strength: float
    reason: str


@dataclass(frozen=True)
class Choice:
    """The number of segments and why.

    k : what to publish; None when the outcome is `none`.
    outcome : `chosen`; `ambiguous` (k is the best of `candidates`, others are nearly as good); `fixed`
        (the user said so); `none` (no structure, or the rule finds nothing: nothing to publish).
    rule : the k rule that decided.
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
