"""A segment in plain words: what is true of it, and of as few other segments as can be.

All words are about the scale that the segments were made on, where a log-transformed feature is compared by its
logarithm. A name has at most two features and eight words, and each of its words holds for the numbers:

=================  ===================================================================================================
low, high          at least `NOTICEABLE` standard deviations below or above everyone
medium             less than that from everyone, where other segments are low and others high
lowest, highest    no other segment is as low or high, on that scale and in the arithmetic mean
mostly, many, few  a category has at least half of the segment, at least a quarter, or at most a quarter; and noticeably
                   more, or less, than of everyone
typical            near everyone in every feature, and at neither end of the segments; one segment of a run at most
=================  ===================================================================================================
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from segjob.core.assignment import best_assignment
from segjob.core.model import MISSING_CATEGORY, Floats
from segjob.core.number_format import percent
from segjob.core.segments.position import NOTICEABLE, Flags, NamedFeature, SegmentPosition

CLEAR = 0.5
"""Standard deviations between the last segment and the next from which `lowest` needs no other reason."""
VISIBLE = 0.05
"""The same below which nobody would see which of two is lower."""
MOSTLY, MANY, FEW = 0.5, 0.25, 0.25
MOST_WORDS = 8
MOST_FEATURES = 10
"""Features of one segment, the most pronounced first, that its name is chosen from."""
TYPICAL = "typical"
_NO, _YES = ("no", "none", "false", "n"), ("yes", "true", "y")

_CAP = 3.0
"""|z| beyond which a feature is no better a name."""
_UNSHARED, _FIRST, _SECOND, _LENGTH = 4.0, 0.5, 0.25, 0.1
"""Weights of a name: being true of no other segment counts most; a second feature must be 0.4 as pronounced as the
first to be worth its length (0.1 / 0.25)."""
_WEAK, _MEDIUM, _REPEATED, _SHARED_ALONE, _ABOUT, _NUMBERED = 0.3, 0.2, 0.3, 0.6, 0.9, 4.0
"""What a name loses: a `lowest` by a narrow margin; a `medium`; two features that share a word, such as orders and
orders returned; one word that holds for another segment too; a value in place of a word; a number, which is the last
resort."""


@dataclass(frozen=True)
class _Phrase:
    """Something that can be said of a segment.

    feature : position of it; source : its column. strength : how pronounced it is, in standard deviations. holds : (k,)
    for which segments it is true. loss : what a name that says it loses.
    """

    text: str
    feature: int
    source: NamedFeature
    strength: float
    holds: Flags
    loss: float = 0.0
    is_medium: bool = False


def automatic_names(features: Sequence[NamedFeature], at: SegmentPosition) -> list[str]:
    """Names, no two alike: together, those that are true of the fewest other segments.

    Which segment gets which name is an assignment problem (Kuhn, 1955): each is offered its candidates with a score,
    and no name is given twice.
    """
    candidates = [dict(_candidates(features, at, i)) for i in range(len(at.z))]
    texts = list(dict.fromkeys(itertools.chain.from_iterable(candidates)))
    column = {text: j for j, text in enumerate(texts)}
    scores = np.full((len(candidates), len(texts)), -1e6)
    for i, own in enumerate(candidates):
        for text, score in own.items():
            # Of segments that nothing else tells apart, the larger gets the better name.
            scores[i, column[text]] = score * (1 + 0.01 * at.share[i])
    return [texts[j] for _, j in best_assignment(scores)]


def _candidates(
    features: Sequence[NamedFeature], at: SegmentPosition, segment: int
) -> Iterator[tuple[str, float]]:
    """Names that are true of a segment, with their score; the later of two equal texts counts."""
    k = len(at.z)
    about = _about(features, at, segment)
    for number in range(2, k + 1):
        yield f"{about} ({number})", _UNSHARED - _NUMBERED + 0.5 / number
    yield about, _UNSHARED - _ABOUT
    spoken = _phrases(features, at, segment)
    pronounced = [phrase for phrase in spoken if not phrase.is_medium]
    if not pronounced and not (np.abs(at.z[segment]) >= NOTICEABLE).any():
        yield TYPICAL, _UNSHARED + _FIRST
    strongest = max((phrase.strength for phrase in pronounced), default=1.0)
    for phrases in itertools.chain(((p,) for p in pronounced), itertools.combinations(spoken, 2)):
        text = ", ".join(phrase.text for phrase in phrases)
        columns = {phrase.source.source for phrase in phrases}
        is_only_medium = all(phrase.is_medium for phrase in phrases)
        if len(text.split()) <= MOST_WORDS and len(columns) == len(phrases) and not is_only_medium:
            yield text, _score(phrases, strongest)


def _score(phrases: Sequence[_Phrase], strongest: float) -> float:
    """How good a name is: true of no other segment, then pronounced, then short."""
    holds = np.logical_and.reduce([phrase.holds for phrase in phrases])
    shared = (holds.sum() - 1) / max(len(holds) - 1, 1)
    strengths = sorted((phrase.strength / strongest for phrase in phrases), reverse=True)
    score = _UNSHARED * (1 - shared) + _FIRST * strengths[0]
    score += sum(_SECOND * strength - _LENGTH for strength in strengths[1:])
    score -= sum(phrase.loss for phrase in phrases)
    if len(phrases) == 1:
        return float(score - (_SHARED_ALONE if shared else 0.0))
    first, second = (set(phrase.source.words.label.lower().split()) for phrase in phrases)
    return float(score - (_REPEATED if first & second else 0.0))


def _phrases(features: Sequence[NamedFeature], at: SegmentPosition, segment: int) -> list[_Phrase]:
    """What can be said of a segment, of the most pronounced features, in the features' own order."""
    spoken = []
    for j, feature in enumerate(features):
        is_share = feature.category is not None or feature.words.kind == "flag"
        spoken += list((_share_phrases if is_share else _level_phrases)(feature, at, segment, j))
    pronounced = sorted({p.feature for p in spoken}, key=lambda j: (-abs(round(at.z[segment, j], 6)), j))
    offered = set(pronounced[:MOST_FEATURES])
    return [
        phrase
        for phrase in spoken
        if phrase.feature in offered and 0 < len(phrase.text.split()) <= MOST_WORDS
    ]


def _level_phrases(feature: NamedFeature, at: SegmentPosition, segment: int, j: int) -> Iterator[_Phrase]:
    """Low and high, lowest and highest, and between them medium."""
    z, words = at.z[:, j], feature.words
    strength = min(abs(float(z[segment])), _CAP)
    for sign, word, superlative, holds in (
        (-1, words.low, words.lowest, at.is_low[:, j]),
        (1, words.high, words.highest, at.is_high[:, j]),
    ):
        if holds[segment]:
            yield _Phrase(word, j, feature, strength, holds)
        gap = _lead(sign * z, sign * at.mean[:, j], segment)
        is_alone = holds[segment] and holds.sum() == 1
        if gap > VISIBLE and not is_alone:
            pronounced = min(max(strength, gap / 4), _CAP)
            only = np.arange(len(z)) == segment
            yield _Phrase(superlative, j, feature, pronounced, only, _WEAK if gap < CLEAR else 0.0)
    medium, is_medium = f"medium {words.label}", np.abs(z) < NOTICEABLE
    has_medium = (words.low, words.high) == (f"low {words.label}", f"high {words.label}")
    if has_medium and is_medium[segment] and at.is_low[:, j].any() and at.is_high[:, j].any():
        yield _Phrase(medium, j, feature, 0.0, is_medium, _MEDIUM, is_medium=True)


def _lead(z: Floats, mean: Floats, segment: int) -> float:
    """How far a segment is above all others; 0 if it is not, or not in its arithmetic mean."""
    others = np.arange(len(z)) != segment
    if not others.any() or np.isnan(mean).any() or not mean[segment] > mean[others].max():
        return 0.0
    return max(float(z[segment] - z[others].max()), 0.0)


def _share_phrases(feature: NamedFeature, at: SegmentPosition, segment: int, j: int) -> Iterator[_Phrase]:
    """What most, many or few of a segment are."""
    share, z = np.nan_to_num(at.mean[:, j], nan=-1.0), at.z[:, j]
    strength = min(abs(float(z[segment])), _CAP)
    mostly, many, few = _category_words(feature)
    is_more, is_less = z >= NOTICEABLE, (z <= -NOTICEABLE) & (share >= 0) & (share <= FEW)
    for text, holds in (
        (mostly, is_more & (share >= MOSTLY)),
        (many, is_more & (share >= MANY) & (share < MOSTLY)),
        (few, is_less),
    ):
        if text and holds[segment]:
            yield _Phrase(text, j, feature, strength, holds)


def _category_words(feature: NamedFeature) -> tuple[str, str, str]:
    """What a segment is called that mostly, often or rarely is of this category, or has a flag; "" for nothing."""
    words, category = feature.words, feature.category
    if category is None:
        return words.high, "", words.low
    text = _clipped(category)
    if category == MISSING_CATEGORY:
        what = f"without {words.label}"
    elif text.lower() in _NO:
        return f"mostly no {words.label}", f"many no {words.label}", ""
    elif text.lower() in _YES:
        what = words.label
    else:
        # A category such as `A` or `2` says nothing without its column.
        what = text if len(text) > 2 and not text.replace(".", "").isdigit() else f"{words.label} {text}"
    return f"mostly {what}", f"many {what}", f"few {what}"


def _clipped(text: str, words: int = 5, letters: int = 30) -> str:
    parts = text.split()
    short = " ".join(parts[:words])[:letters].rstrip()
    return short if short == " ".join(parts) else f"{short}…"


def _about(features: Sequence[NamedFeature], at: SegmentPosition, segment: int) -> str:
    """The mean that sets a segment furthest apart from the segment nearest to it in that feature."""
    known = [
        j
        for j, feature in enumerate(features)
        if not np.isnan(at.mean[segment, j]) and len(feature.words.label.split()) <= MOST_WORDS - 4
    ]
    if not known:
        return "segment"
    others = np.arange(len(at.z)) != segment

    def distance(j: int) -> float:
        away = np.abs(at.z[others, j] - at.z[segment, j])
        return round(float(away.min(initial=_CAP)), 6)

    j = max(known, key=lambda j: (distance(j), -j))
    feature, mean = features[j], float(at.mean[segment, j])
    if feature.category is not None or feature.words.kind == "flag":
        label = _category_words(feature)[0].removeprefix("mostly ")
        return f"{percent(mean)} {label}"
    return f"{feature.words.label} about {feature.words.value(mean)}"
