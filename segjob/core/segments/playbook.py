"""What to do about a segment: entries of a playbook, chosen by what the features mean; or a table of the user's own.

docs/playbook.md prints it. A segment that no entry fits has no action: advice for everyone is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segjob.core.segments.feature_words import Role
from segjob.core.segments.position import Level, NamedFeature, SegmentPosition

Levels = tuple[Level, ...]


@dataclass(frozen=True)
class Play:
    """One entry: where the roles of its playbook are at these levels, the action is suggested. None fits any level."""

    when: tuple[Levels | None, ...]
    action: str


@dataclass(frozen=True)
class Playbook:
    """The entries for features of these roles, the first that fits counts.

    A playbook is for a segmentation that has a feature of each role in `needs`.
    """

    title: str
    roles: tuple[Role, ...]
    needs: tuple[frozenset[Role], ...]
    plays: tuple[Play, ...]


_LOW: Levels = ("low",)
_MID: Levels = ("typical",)
_HIGH: Levels = ("high",)
_NOT_LOW: Levels = ("typical", "high")
_NOT_HIGH: Levels = ("low", "typical")

PURCHASES = Playbook(
    "Purchases: recency, frequency, monetary value",
    ("recency", "frequency", "monetary"),
    (frozenset({"recency"}), frozenset({"frequency", "monetary"})),
    (
        Play((_HIGH, None, _HIGH), "win back in person: a call, a personal offer"),
        Play((_HIGH, _HIGH, None), "win back in person: a call, a personal offer"),
        Play((_HIGH, _LOW, _NOT_HIGH), "one inexpensive reminder, then leave in peace"),
        Play((_HIGH, None, _LOW), "one inexpensive reminder, then leave in peace"),
        Play((_HIGH, None, None), "win back by mail: what is new since their last order"),
        Play((None, _NOT_LOW, _HIGH), "reward and keep: loyalty club, early access, no discounts"),
        Play(
            (None, _LOW, _HIGH), "second purchase: advice and service, something to go with what they bought"
        ),
        Play((None, _HIGH, _LOW), "larger baskets: bundles, free delivery from an amount"),
        Play((None, _HIGH, None), "larger baskets: bundles, what goes with their usual order"),
        Play((_LOW, _LOW, _NOT_HIGH), "welcome series towards the second purchase"),
        Play((_MID, _LOW, _LOW), "second purchase: a reminder with a small incentive before they lapse"),
    ),
)
INCOME_SPENDING = Playbook(
    "Income and spending score",
    ("income", "spending"),
    (frozenset({"income"}), frozenset({"spending", "monetary"})),
    (
        Play((_HIGH, _HIGH), "premium offers, early access"),
        Play((_HIGH, _LOW), "win their interest: quality, service, a first offer"),
        Play((_LOW, _HIGH), "loyalty rewards, instalments"),
        Play((_LOW, _LOW), "budget campaigns"),
    ),
)
SUBSCRIPTIONS = Playbook(
    "Subscriptions: tenure and price",
    ("tenure", "price"),
    (frozenset({"tenure"}), frozenset({"price"})),
    (
        Play((_LOW, _HIGH), "onboard well: a call in the first weeks, show all that the plan includes"),
        Play((_LOW, _LOW), "guided start, then an upgrade on trial"),
        Play((_HIGH, _HIGH), "protect: best service, a loyalty benefit, renew before somebody else calls"),
        Play((_HIGH, _LOW), "offer an upgrade that fits their use"),
    ),
)
PLAYBOOKS = (PURCHASES, INCOME_SPENDING, SUBSCRIPTIONS)
"""The first whose features are all there is a segmentation's."""


_STAND_INS: Mapping[Role, Role] = {
    "frequency": "monetary",
    "monetary": "frequency",
    "spending": "monetary",
}
"""A missing role -> the one that says nearly the same, and that `needs` takes in its place."""


@dataclass(frozen=True)
class Advice:
    """One row of a user's table: where every feature that it names is at that level, the action is suggested.

    when : part of a feature's name or label -> level. Without any, it is for everyone.
    """

    when: Mapping[str, Level]
    action: str


def actions(
    features: Sequence[NamedFeature],
    at: SegmentPosition,
    table: Sequence[Advice] | None = None,
    *,
    is_people: bool = True,
) -> list[str | None]:
    """The action for each segment; None where no entry fits.

    table : the user's, in place of the playbooks. is_people : whether the rows are people; the playbooks are for these.
    """
    levels = [at.levels(i) for i in range(len(at.z))]
    if table is not None:
        return [next((a.action for a in table if _fits(a, features, own)), None) for own in levels]
    playbook = playbook_of(features) if is_people else None
    if playbook is None:
        return [None] * len(levels)
    return [_action(playbook, features, own) for own in levels]


def playbook_of(features: Sequence[NamedFeature]) -> Playbook | None:
    """The playbook for features of these meanings."""
    roles = {feature.words.role for feature in features}
    return next((p for p in PLAYBOOKS if all(roles & needed for needed in p.needs)), None)


def _action(playbook: Playbook, features: Sequence[NamedFeature], levels: Sequence[Level]) -> str | None:
    by_role: dict[str, Level] = {}
    for feature, level in zip(features, levels, strict=True):
        if feature.words.role is not None:
            by_role.setdefault(feature.words.role, level)
    own = [by_role.get(role) or by_role[_STAND_INS[role]] for role in playbook.roles]
    for play in playbook.plays:
        if all(allowed is None or level in allowed for allowed, level in zip(play.when, own, strict=True)):
            return play.action
    return None


def _fits(advice: Advice, features: Sequence[NamedFeature], levels: Sequence[Level]) -> bool:
    def shows(word: str, requested: Level) -> bool:
        return any(
            level == requested
            for feature, level in zip(features, levels, strict=True)
            for name in (
                feature.source if feature.category is None else f"{feature.source}={feature.category}",
            )
            if word.lower() in name.lower() or word.lower() in feature.words.label.lower()
        )

    return all(shows(word, level) for word, level in advice.when.items())
