"""Why a customer is in a segment, in words: which features speak for it, and which for the runner-up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from segjob.core.model import MISSING_CATEGORY, Transform
from segjob.core.number_format import number, percent

_DECISIVE = 0.8
"""Features are named until they make up this share of what speaks for the segment."""
_NEGLIGIBLE = 0.02
"""A contribution below this share of the largest speaks for neither segment."""
_CLOSE = {"kmeans": 0.25, "ward": 0.25, "gaussian_mixture": 1.0}
"""A smaller margin is a close call: a quarter of a standard deviation, or a chance of 73 % against 27 %."""


@dataclass(frozen=True)
class Reason:
    """One row of view `<s>_reasons`, without its customer.

    The fields are the view's columns; model_value is None for what several features of a mixture, or its segments'
    sizes, contribute together.
    """

    feature: str
    value: float | None
    category: str | None
    model_value: float | None
    segment_mean: float | None
    next_mean: float | None
    contribution: float | None

    @property
    def is_together(self) -> bool:
        """Whether it is about no single feature."""
        return self.model_value is None


Shown = Callable[[str, float | None], str]
"""A feature's value as a person reads it."""


def value_text(reason: Reason, shown: Shown) -> str:
    """The customer's value; what the model takes in its place follows where that is another one."""
    if reason.is_together:
        return ""
    if reason.category is not None:
        return "missing" if reason.category == MISSING_CATEGORY else reason.category
    own = "missing" if reason.value is None else shown(reason.feature, reason.value)
    if reason.value == reason.model_value:
        return own
    return f"{own}, taken as {shown(reason.feature, reason.model_value)}"


def mean_text(reason: Reason, mean: float | None, shown: Shown) -> str:
    """A segment's mean, or the share of its customers in the same category."""
    if reason.is_together:
        return ""
    return percent(mean or 0.0) if reason.category is not None else shown(reason.feature, mean)


def sentences(reasons: Sequence[Reason], segments: tuple[str, str], label: Callable[[str], str]) -> list[str]:
    """What decides between the two segments.

    Parameters
    ----------
    segments : what the own segment and the runner-up are called.
    label : the words for a feature.
    """
    longest = largest(reasons)
    known = [r for r in reasons if not is_negligible(r, longest)]
    speaking = sorted((r for r in known if _contribution(r) > 0), key=_contribution, reverse=True)
    against = sorted((r for r in known if _contribution(r) < 0), key=_contribution)
    total = sum(map(_contribution, speaking))
    said = []
    if decisive := _decisive(speaking, total):
        named = [f"{label(r.feature)} ({percent(_contribution(r) / total)})" for r in decisive]
        said.append(f"{_listed(named)} {'speaks' if len(named) == 1 else 'speak'} for {segments[0]}.")
    if against:
        named = [label(r.feature) for r in against]
        said.append(f"{_listed(named)} {'speaks' if len(named) == 1 else 'speak'} for {segments[1]}.")
    joint = [label(r.feature) for r in reasons if r.contribution is None]
    if joint and known:
        said.append(
            f"{_listed(joint)} vary together within the segments, so what each contributes cannot be told apart."
        )
    return [sentence[0].upper() + sentence[1:] for sentence in said]


def largest(reasons: Sequence[Reason]) -> float:
    """The size of the largest contribution."""
    return max((abs(_contribution(reason)) for reason in reasons), default=0.0)


def is_negligible(reason: Reason, longest: float) -> bool:
    """Whether the feature speaks for neither segment; longest : of all of them, as `largest` gives it."""
    return abs(_contribution(reason)) <= _NEGLIGIBLE * longest


def is_close_call(margin: float | None, algorithm: str) -> bool:
    """Whether the customer is near the border."""
    return margin is not None and margin < _CLOSE.get(algorithm, _CLOSE["kmeans"])


def exclusions(transforms: Sequence[Transform], values: Mapping[str, float | None]) -> list[str]:
    """Why the model excludes a row, a phrase per column; none for a row that it scores.

    Parameters
    ----------
    values : of the numeric source columns; None and what is no finite number is missing.
    """
    phrases = []
    for t in transforms:
        if t.function == "one_hot":
            continue
        value = values[t.source_column]
        if value is None:
            if t.impute_value is None:
                phrases.append(f"{t.source_column} is missing, and no value is imputed")
            continue
        if t.outside == "exclude" and t.lower_bound is not None and value < t.lower_bound:
            phrases.append(
                f"{t.source_column} is {number(value)}, below the bound of {number(t.lower_bound)}"
            )
        elif t.outside == "exclude" and t.upper_bound is not None and value > t.upper_bound:
            phrases.append(
                f"{t.source_column} is {number(value)}, above the bound of {number(t.upper_bound)}"
            )
        elif t.function == "log1p" and _clipped(value, t) <= -1.0:
            phrases.append(f"{t.source_column} is {number(value)}, which has no logarithm log1p")
    return phrases


def _clipped(value: float, transform: Transform) -> float:
    if transform.outside != "clip" or transform.lower_bound is None:
        return value
    return max(value, transform.lower_bound)


def _decisive(speaking: Sequence[Reason], total: float) -> list[Reason]:
    named: list[Reason] = []
    for reason in speaking:
        if sum(map(_contribution, named)) >= _DECISIVE * total:
            break
        named.append(reason)
    return named


def _contribution(reason: Reason) -> float:
    return reason.contribution or 0.0


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
