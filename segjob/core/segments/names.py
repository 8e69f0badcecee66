"""A segment in plain words, what sets it apart from everyone; and what to do about it.

Everything here rests on a segment's profile: z, how many of everyone's standard deviations its mean of a feature is
from everyone's mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segjob.core.model import MISSING_CATEGORY, Floats

NOTICEABLE = 0.5
"""|z| from which a feature is `low` or `high`; half a standard deviation is a medium effect (Cohen, 1988)."""
STRONG = 1.5
"""|z| from which it is `very low` or `very high`."""
BESIDE = 0.4
"""A second feature is named when its |z| is at least this share of the first one's."""

Level = Literal["low", "average", "high"]


def automatic_names(
    profile_z: Floats, features: Sequence[str], shares: Sequence[float], means: Floats | None = None
) -> list[str]:
    """Names from the profile: one or two features that set it apart, a third where two segments would be namesakes.

    Parameters
    ----------
    profile_z : (k, d).
    features : d names; `column=category` is a one-hot column.
    shares : (k,) of the customers; of segments that no word tells apart, the larger has the lower number.
    means : (k, d) means, which for a one-hot column are shares: a category under a half is not `mostly` there.

    Returns
    -------
    k names, no two alike.
    """
    means = np.ones_like(profile_z) if means is None else means
    words = [_traits(z, mean, features) for z, mean in zip(profile_z, means, strict=True)]
    names = [", ".join(traits[:2]) for traits in words]
    for namesakes in _namesakes(names):
        for i in namesakes:
            names[i] = ", ".join(words[i][:3])
    names = [name or "average" for name in names]
    for namesakes in _namesakes(names):
        for i, more in zip(namesakes, _compared(profile_z[namesakes], features), strict=True):
            names[i] = f"{names[i]}, {more}" if more else names[i]
    for namesakes in _namesakes(names):
        for number, i in enumerate(sorted(namesakes, key=lambda i: (-shares[i], i)), start=1):
            names[i] = _free(names[i], number, names)
    return names


def _traits(z: Floats, means: Floats, features: Sequence[str]) -> list[str]:
    """The features that set a segment apart, in words, strongest first; one for each one-hot column's source."""
    words, sources, strongest = [], set(), float(np.abs(z).max())
    for j in np.argsort(-np.abs(np.round(z, 6)), kind="stable"):
        source, _, category = features[j].partition("=")
        if abs(z[j]) < max(NOTICEABLE, BESIDE * strongest) or (category and source in sources):
            continue
        sources.add(source)
        words.append(_category(source, category, z[j], means[j]) if category else _amount(source, z[j]))
    return words


def _amount(feature: str, z: float) -> str:
    very = "very " if abs(z) >= STRONG else ""
    return f"{very}{'high' if z > 0 else 'low'} {plain(feature)}"


def _category(source: str, category: str, z: float, mean: float) -> str:
    what = f"without {plain(source)}" if category == MISSING_CATEGORY else category
    return f"{('mostly' if mean >= 0.5 else 'many') if z > 0 else 'few'} {what}"


def plain(feature: str) -> str:
    """A column's name as a person would say it: `annual_income` is annual income."""
    return " ".join(feature.replace("_", " ").split())


def _compared(z: Floats, features: Sequence[str]) -> list[str]:
    """What tells namesakes apart: the place of each in the feature in which they differ most; "" where none does."""
    spread = np.ptp(z, axis=0)
    j = int(np.argmax(np.round(spread, 6)))
    if spread[j] < 1e-6:
        return [""] * len(z)
    places = {2: ["lower", "higher"], 3: ["lowest", "middle", "highest"]}.get(len(z))
    if places is None:
        return [""] * len(z)
    place = np.argsort(np.argsort(z[:, j], kind="stable"), kind="stable")
    return [f"{places[int(i)]} {plain(features[j].replace('=', ' '))}" for i in place]


def _namesakes(names: Sequence[str]) -> list[list[int]]:
    """Positions of each name that more than one segment has."""
    by_name: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        by_name.setdefault(name, []).append(i)
    return [positions for positions in by_name.values() if len(positions) > 1]


def _free(name: str, number: int, taken: Iterable[str]) -> str:
    while f"{name} ({number})" in taken:
        number += 1
    return f"{name} ({number})"


@dataclass(frozen=True)
class Sign:
    """A feature with one of these words in its name is low, average or high in a segment."""

    words: tuple[str, ...]
    level: Level


@dataclass(frozen=True)
class Advice:
    """One row of the table of actions: where all signs are there, the action is suggested."""

    signs: tuple[Sign, ...]
    action: str


_INCOME = ("income", "salary", "earning")
_SPENDING = ("spend",)
_VALUE = ("monetary", "revenue", "amount", "turnover", "sales", "value")
_OFTEN = ("frequency", "orders", "purchases", "visits")
_SINCE = ("recency", "days_since", "since_last")
_RETURNED = ("return",)
_BESIDE = ("partners", "basket")
_PRICE = ("price",)


def _signs(*pairs: tuple[tuple[str, ...], Level]) -> tuple[Sign, ...]:
    return tuple(Sign(words, level) for words, level in pairs)


ACTIONS: tuple[Advice, ...] = (
    Advice(_signs((_SINCE, "high"), (_VALUE, "high")), "win back: call, personal offer"),
    Advice(_signs((_SINCE, "high"), (_OFTEN, "high")), "win back: call, personal offer"),
    Advice(_signs((_INCOME, "high"), (_SPENDING, "high")), "premium offers, early access"),
    Advice(
        _signs((_INCOME, "high"), (_SPENDING, "low")), "win their interest: quality, service, a first offer"
    ),
    Advice(_signs((_INCOME, "low"), (_SPENDING, "high")), "loyalty rewards, instalments"),
    Advice(_signs((_INCOME, "low"), (_SPENDING, "low")), "budget campaigns"),
    Advice(_signs((_SINCE, "high")), "one inexpensive reminder, then leave in peace"),
    Advice(_signs((_VALUE, "high"), (_OFTEN, "high")), "treat as the best: loyalty club, early access"),
    Advice(_signs((_VALUE, "high")), "treat as the best: loyalty club, early access"),
    Advice(
        _signs((_OFTEN, "high"), (_VALUE, "low")), "larger baskets: bundles, free delivery from an amount"
    ),
    Advice(_signs((_SINCE, "low"), (_OFTEN, "low")), "welcome series towards the second purchase"),
    Advice(_signs((_SPENDING, "high")), "loyalty rewards"),
    Advice(_signs((_SPENDING, "low")), "budget campaigns"),
    Advice(_signs((_RETURNED, "high")), "find out why so much comes back: sizes, pictures, description"),
    Advice(_signs((_BESIDE, "high"), (_OFTEN, "high")), "keep it in stock, and show other things beside it"),
    Advice(_signs((_BESIDE, "low"), (_PRICE, "high")), "sell it on its own: advice, delivery, instalments"),
    Advice(_signs((_BESIDE, "low"), (_OFTEN, "low")), "bundle it with what sells, or let it run out"),
    Advice((), "the regular programme"),
)
"""What to do about a segment: the first row whose signs are all there. A row without signs is for everyone else."""


def actions(
    profile_z: Floats, features: Sequence[str], table: Sequence[Advice] = ACTIONS
) -> list[str | None]:
    """The action suggested for each segment; None where no row of the table fits.

    Parameters
    ----------
    profile_z : (k, d); features : d names.
    """
    return [
        next(
            (advice.action for advice in table if all(_shows(sign, z, features) for sign in advice.signs)),
            None,
        )
        for z in profile_z
    ]


def _shows(sign: Sign, z: Floats, features: Sequence[str]) -> bool:
    return any(
        level_of(float(value)) == sign.level
        for value, feature in zip(z, features, strict=True)
        if any(word.lower() in feature.lower() for word in sign.words)
    )


def level_of(z: float) -> Level:
    """`low`, `average` or `high`, by `NOTICEABLE`."""
    return "average" if abs(z) < NOTICEABLE else "high" if z > 0 else "low"
