"""Numbers and findings in words that a marketer reads."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Sequence

from segjob.core.model import Transform
from segjob.core.segments.row_label import Noun
from segjob.report.data import Profile, Report, Segment

_FAR, _WELL, _SOME = 1.5, 0.75, 0.35
"""Overall standard deviations between a segment's mean and everyone's that deserve a word."""
_LONGEST = 60
_UNFIT = ("Cc", "Cs", "Zl", "Zp")
_TURNS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows."""
_RULES = {
    "elbow": "elbow",
    "silhouette": "silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "gap": "gap",
    "stability": "stability",
}


def number(value: float | None) -> str:
    """At most four digits that matter, thousands apart; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e15 or size < 1e-4:
        return f"{value:.2e}"
    digits = max(0, (3 if size >= 100 else 2) - math.floor(math.log10(size))) if size < 1000 else 0
    text = f"{value:,.{min(digits, 6)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def percent(share: float | None) -> str:
    """A share of 0 to 1; small ones keep a digit."""
    if share is None or not math.isfinite(share):
        return "–"
    size = abs(share) * 100
    if 0 < size < 0.1:
        return "<0.1%"
    return f"{share * 100:.0f}%" if size >= 10 else f"{share * 100:.1f}".removesuffix(".0") + "%"


def clean(text: str) -> str:
    """Without the characters that no document may hold, and on one line."""
    kept = (" " if unicodedata.category(c) in _UNFIT else c for c in text if c not in _TURNS)
    return " ".join("".join(kept).split()) or "(no name)"


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + clean(name).replace('"', '""') + '"'


def isolated(text: str) -> str:
    """A name that a sentence can hold: right-to-left writing must not turn the words around it."""
    turns = any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text)
    return f"\u2068{text}\u2069" if turns else text


def short(text: str, most: int) -> str:
    """At most so many characters."""
    text = clean(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def plain(name: str) -> str:
    """A column's name as words."""
    return clean(name.replace("_", " "))


def feature_name(transform: Transform) -> str:
    """A model feature's name as words, of a length that a page can hold."""
    if transform.category is None:
        return short(plain(transform.source_column), _LONGEST)
    return (
        f"{short(plain(transform.source_column), _LONGEST // 2)}: {short(transform.category, _LONGEST // 2)}"
    )


def reason(text: str) -> str:
    """Why this k, with the rules as people call them."""
    for rule, name in _RULES.items():
        text = text.replace(rule, name)
    return clean(text)


def rule_name(rule: str) -> str:
    """A rule of k in words."""
    return _RULES.get(rule, plain(rule))


def segment_name(segment_id: int, name: str, most: int = 26) -> str:
    """Number and name, short enough for a figure; the number keeps it unique."""
    return f"{segment_id} · {short(name, most)}"


def in_lines(segment_id: int, name: str, wide: int = 25, lines: int = 2) -> str:
    """Number and name broken at spaces into at most so many lines."""
    text = clean(name)
    broken = textwrap.wrap(f"{segment_id} · {text}", wide, max_lines=lines, placeholder="…") or [
        str(segment_id)
    ]
    return "\n".join(broken)


def sets_apart(report: Report, segment: Segment, most: int = 3) -> list[str]:
    """What is unusual about a segment, the most unusual first; empty where nothing is."""
    found: list[tuple[float, str]] = []
    for transform in report.transforms:
        profile = report.profile.get((segment.segment_id, transform.feature))
        if profile is None or profile.z is None or abs(profile.z) < _SOME:
            continue
        found.append((abs(profile.z), _phrase(report.noun, transform, profile, profile.z)))
    found.sort(key=lambda pair: -pair[0])
    if _is_binary(report.transforms):
        found = _without_mirror(found)
    return [phrase for _, phrase in found[:most]]


def _is_binary(transforms: Sequence[Transform]) -> bool:
    return any(t.category is not None for t in transforms)


def _without_mirror(found: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Of two categories that say the same thing the other way round (equal |z|, one column), the first."""
    kept: list[tuple[float, str]] = []
    seen: set[tuple[float, str]] = set()
    for size, phrase in found:
        mark = (round(size, 9), phrase.split(":")[0])
        if ":" in phrase and mark in seen:
            continue
        seen.add(mark)
        kept.append((size, phrase))
    return kept


def _phrase(noun: Noun, transform: Transform, profile: Profile, z: float) -> str:
    name = isolated(feature_name(transform))
    way = "above" if z > 0 else "below"
    degree = "far " if abs(z) >= _FAR else "well " if abs(z) >= _WELL else ""
    if transform.category is not None:
        more = "more" if z > 0 else "fewer"
        everyone = f"{percent(profile.overall_mean)} of {noun.everyone}"
        return f"{name} – {percent(profile.mean)} of them, {more} than the {everyone}"
    return f"{name} {number(profile.mean)}, {degree}{way} {noun.everyones} {number(profile.overall_mean)}"


def structure(silhouette: float | None, many: str) -> tuple[str, str]:
    """How separate the segments are, in two words and a sentence; Kaufman and Rousseeuw's scale (1990)."""
    if silhouette is None:
        return "one segment", "There is one segment only, so there is nothing to tell apart."
    scale = f"mean silhouette {silhouette:.2f}, on a scale from −1 to 1"
    for least, word, meaning in (
        (0.7, "strong structure", "The segments are clearly separate groups"),
        (0.5, "clear structure", f"The segments are real groups, with some {many} in between"),
        (0.25, "weak structure", "The segments overlap: useful to work with, but their borders are soft"),
    ):
        if silhouette > least:
            return word, f"{meaning} ({scale})."
    return (
        "no clear structure",
        f"The {many} form no separate groups; the borders are arbitrary ({scale}).",
    )


def listed(words: Sequence[str]) -> str:
    """Words with commas and an `and`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
