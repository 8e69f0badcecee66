"""Numbers, names and profiles in words that a marketer reads.

Names come from the warehouse and may hold anything: `clean` is what makes them safe to show.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from segjob.core import number_format
from segjob.core.model import Transform
from segjob.core.select_k.structure import headline
from segjob.printable import one_line
from segjob.report.data import ProfileRow, Report, SegmentRow

_FAR, _WELL, _SOME = 1.5, 0.75, 0.35
"""Overall standard deviations between a segment's mean and everyone's, from which it is called far, well or at all
above or below."""
_LONGEST_NAME = 60
_RULES = {
    "elbow": "elbow",
    "silhouette": "silhouette",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "gap": "gap",
    "stability": "stability",
}


def number(value: float | None) -> str:
    """A number as it is printed: with a minus sign, and a dash where there is none."""
    return printed(number_format.number(value))


def percent(share: float | None) -> str:
    """A share of 0 to 1 as a percentage, as it is printed."""
    return printed(number_format.percent(share))


def printed(text: str) -> str:
    """A formatted number with the typographer's minus and dash."""
    return "–" if text == number_format.NO_NUMBER else text.replace("-", "−")


def clean(text: str) -> str:
    """One line of text without control characters, so that it is shown and never obeyed."""
    return one_line(text) or "(no name)"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + clean(name).replace('"', '""') + '"'


def isolated(text: str) -> str:
    """A name for the middle of a sentence: right-to-left script must not reverse the words around it."""
    is_right_to_left = any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in text)
    return f"\u2068{text}\u2069" if is_right_to_left else text


def short(text: str, most: int) -> str:
    """Clean text of at most `most` characters."""
    text = clean(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def column_label(name: str) -> str:
    """A column's name as words."""
    return clean(name.replace("_", " "))


def feature_name(report: Report, transform: Transform) -> str:
    """A model feature's name as words, of a length that a figure has room for."""
    column = clean(report.words[transform.source_column].label)
    if transform.category is None:
        return short(column, _LONGEST_NAME)
    return f"{short(column, _LONGEST_NAME // 2)}: {short(transform.category, _LONGEST_NAME // 2)}"


def feature_value(report: Report, transform: Transform, value: float | None) -> str:
    """A value of a model feature with its unit; a share, for a category."""
    if transform.category is not None:
        return percent(value)
    return clean(printed(report.words[transform.source_column].value(value)))


def feature_phrase(report: Report, transform: Transform, value: float | None) -> str:
    """Name and value of a feature: "orders 1.49"; "53 days since last order" where the name begins with the unit."""
    name, said = feature_name(report, transform), feature_value(report, transform, value)
    unit = report.words[transform.source_column].unit
    if unit and name.startswith(f"{unit} ") and said.endswith(f" {unit}"):
        return isolated(f"{said}{name.removeprefix(unit)}")
    return f"{isolated(name)} {said}"


def reason(text: str) -> str:
    """Why this k, with the k rules as people call them."""
    for rule, name in _RULES.items():
        text = text.replace(rule, name)
    return clean(text)


def rule_name(rule: str) -> str:
    """A k rule as people call it."""
    return _RULES.get(rule, column_label(rule))


def segment_name(segment_id: int, name: str, most: int = 26) -> str:
    """Number and name, short enough for a figure; the number keeps it unique."""
    return f"{segment_id} · {short(name, most)}"


def wrapped(text: str, width: int, lines: int = 4) -> str:
    """Clean text, broken at spaces into lines of `width` characters; what needs more than `lines` of them is cut."""
    return "\n".join(textwrap.wrap(clean(text), width, max_lines=lines, placeholder="…"))


def wrapped_name(segment_id: int, name: str, width: int = 25) -> str:
    """Number and name, broken at spaces."""
    return wrapped(f"{segment_id} · {clean(name)}", width)


def unusual_features(report: Report, segment: SegmentRow, most: int = 3) -> list[str]:
    """What is unusual about a segment, the most unusual first; empty where nothing is."""
    phrases: list[tuple[float, str]] = []
    mirrors: set[tuple[float, str]] = set()
    for transform in report.transforms:
        profile = report.profile.get((segment.segment_id, transform.feature))
        if profile is None or profile.z is None or abs(profile.z) < _SOME:
            continue
        if transform.category is not None:
            # Of two categories, the second has the same |z| and says the same the other way round.
            mirror = (round(abs(profile.z), 9), transform.source_column)
            if mirror in mirrors:
                continue
            mirrors.add(mirror)
        phrases.append((abs(profile.z), _phrase(report, transform, profile, profile.z)))
    phrases.sort(key=lambda pair: -pair[0])
    return [phrase for _, phrase in phrases[:most]]


def _phrase(report: Report, transform: Transform, profile: ProfileRow, z: float) -> str:
    noun, name = report.noun, isolated(feature_name(report, transform))
    side = "above" if z > 0 else "below"
    degree = "far " if abs(z) >= _FAR else "well " if abs(z) >= _WELL else ""
    if transform.category is not None:
        more = "more" if z > 0 else "fewer"
        everyone = f"{percent(profile.overall_mean)} of {noun.everyone}"
        return f"{name} – {percent(profile.mean)} of them, {more} than the {everyone}"
    overall = feature_value(report, transform, profile.overall_mean)
    return f"{feature_phrase(report, transform, profile.mean)}, {degree}{side} {noun.everyones} {overall}"


def verdict(run: Mapping[str, Any], many: str) -> tuple[str, str]:
    """What the segments are, in a few words and a sentence: from the run's structure, and nothing else.

    A run of a version that did not say so is described by its silhouette alone, without a verdict.
    """
    silhouette = run["silhouette"]
    if silhouette is None:
        return "one segment", "There is one segment only, so there is nothing to tell apart."
    scale = f"mean silhouette {silhouette:.2f}, on a scale from −1 to 1"
    words = headline(run)
    if not words:
        return "segments", f"How separate they are: {scale}."
    short, _, meaning = words.partition(": ")
    meanings = {
        "the groups are there": f"The groups are there, and {many} between them are few",
        "neither groups nor a division that other customers would give too": (
            f"There are no groups that hold, and other {many} would be divided in other ways"
        ),
    }
    return short, f"{meanings.get(meaning, meaning[:1].upper() + meaning[1:])} ({scale})."


def listed(words: Sequence[str]) -> str:
    """An enumeration with commas and an `and`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
