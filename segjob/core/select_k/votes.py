"""What the k rules say, what is asked of them, and the one value that everything about a run's k is said from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from segjob.core.cluster.gaussian_mixture import GaussianFit
from segjob.core.model import Floats, Labels
from segjob.core.select_k.division import Division, ShareLimits

Algorithm = Literal["kmeans", "ward", "gaussian_mixture"]
Outcome = Literal["chosen", "divided", "ambiguous", "fixed", "none"]
Structure = Literal["natural", "reproducible", "constructive"]


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
class KRequest:
    """What the config asks for.

    rule : a name in `choose.NAMES`.
    k : a fixed number of segments; None if a rule chooses.
    algorithm : what is published; `auto` follows the groups by whichever does.
    allow_one : whether one segment may be published if nothing else can be.
    limits : least and largest share of a segment.
    previous_k : the current run's k, kept while its segments are still found again.
    """

    rule: str = "consensus"
    k: int | None = None
    algorithm: Algorithm | Literal["auto"] = "kmeans"
    allow_one: bool = False
    limits: ShareLimits = field(default_factory=ShareLimits)
    previous_k: int | None = None


@dataclass(frozen=True)
class Start:
    """Where the final fit starts, and what its segments are compared with.

    centroids : (k, d) scaled; mixture : of a Gaussian mixture that the final one starts from.
    half_labels : (2 * pairs, m) labels that fits to random halves give `Halves.values`; None if there are none.
    """

    algorithm: Algorithm
    centroids: Floats
    mixture: GaussianFit | None
    half_labels: Labels | None


@dataclass(frozen=True)
class KDecision:
    """The number of segments, and everything that is said about it.

    k : what to publish; None if nothing is.
    outcome : `chosen` (natural groups, or one rule that the user named), `divided` (a reproducible division), `fixed`
        (the user said so), `none` (no segments; one if that is allowed). `ambiguous` is of runs of earlier versions.
    structure : whether the groups are there, are a division that other customers would give too, or neither.
    rule : the k rule that decided.
    reason : why, in words.
    votes : every rule's vote, the elbow always among them.
    divisions : stability and explained variance of every k.
    start : where the final fit starts; None without a k.
    group_labels : (m,) the groups that density shows, of the rows of `DensityRequest.values`; -1 for rows far from all.
    unmet : limits of the segments' shares that cannot be respected, in words; empty if there are none.
    """

    k: int | None
    outcome: Outcome
    structure: Structure
    rule: str
    reason: str
    votes: tuple[Vote, ...]
    divisions: tuple[Division, ...]
    start: Start | None
    group_labels: Labels | None
    unmet: str = ""
