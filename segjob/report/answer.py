"""What the page says first: who the best customers are, who is being lost, what changed, and each segment in a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from segjob.core.model import Transform
from segjob.core.segments.position import NOTICEABLE
from segjob.core.select_k.structure import stability_word
from segjob.report.data import ProfileRow, Report, SegmentRow
from segjob.report.words import clean, feature_phrase, feature_value, isolated, listed, percent, printed

_MOST_LAPSED = 2
"""Segments that are said to be lapsing."""


@dataclass(frozen=True)
class Statement:
    """A bold beginning, a segment (or none), and the rest of the sentence."""

    start: str
    segment: SegmentRow | None
    rest: str


@dataclass(frozen=True)
class MeasureShare:
    """What a segment has of a measure. share : of the sum over all segments, None where there is no such share."""

    label: str
    share: float | None
    mean: str


def statements(report: Report) -> list[Statement]:
    """The best segment by the first measure, the segments that are lapsing, and what the last run changed."""
    return [s for s in (_best(report), *_lapsing(report), _changes(report)) if s is not None]


def _best(report: Report) -> Statement | None:
    """The segment with the highest mean of the first measure that has a share; None without one."""
    for measure in report.measures:
        rows = [(s, report.profile.get((s.segment_id, measure))) for s in report.segments]
        ranked = [
            (s, p) for s, p in rows if p is not None and p.mean is not None and p.total_share is not None
        ]
        if len(ranked) < 2:
            continue
        segment, profile = max(ranked, key=lambda row: row[1].mean or 0.0)
        label, everyone = isolated(clean(report.words[measure].label)), report.noun.everyones
        overall = _measured(report, measure, profile.overall_mean)
        return Statement(
            f"Most {label} per {report.noun.one}:",
            segment,
            f"{percent(segment.share)} of the {report.noun.many}, {percent(profile.total_share)} of the {label}; "
            f"{_measured(report, measure, profile.mean)} each, against {everyone} {overall}.",
        )
    return None


def _lapsing(report: Report) -> list[Statement]:
    """Segments whose last order is longer ago than usual, the longest first; none without a recency feature."""
    for transform in report.transforms:
        if transform.category is not None or report.words[transform.source_column].role != "recency":
            continue
        rows = [(s, report.profile.get((s.segment_id, transform.feature))) for s in report.segments]
        late = [(s, p, p.z) for s, p in rows if p is not None and p.z is not None and p.z >= NOTICEABLE]
        late.sort(key=lambda row: -row[2])
        return [_lapsed(report, transform, s, p) for s, p, _ in late[:_MOST_LAPSED]]
    return []


def _lapsed(report: Report, transform: Transform, segment: SegmentRow, profile: ProfileRow) -> Statement:
    own = feature_phrase(report, transform, profile.mean)
    everyone = f"{report.noun.everyones} {feature_value(report, transform, profile.overall_mean)}"
    size = f"{segment.rows:,} {report.noun.of(segment.rows)} ({percent(segment.share)})"
    return Statement("Lapsing:", segment, f"{size}; {own}, against {everyone}.")


def _changes(report: Report) -> Statement | None:
    """How many moved, came and left since the run before; None on a first run."""
    if not report.flows:
        return None
    moved = came = left = 0
    for flow in report.flows:
        if flow.from_segment_id is None:
            came += flow.customers
        elif flow.to_segment_id is None:
            left += flow.customers
        elif flow.from_segment_id != flow.to_segment_id:
            moved += flow.customers
    counts = [f"{moved:,} moved to another segment", f"{came:,} came", f"{left:,} left"]
    before = report.flows[0].from_run_id
    day = next((s.as_of for s in report.sizes if s.run_id == before), None)
    since = f"run {before}" if day is None else f"run {before} ({day.day} {day:%B %Y})"
    return Statement(f"Since {since}:", None, f"{listed(counts)}.")


def measure_shares(report: Report, segment_id: int) -> list[MeasureShare]:
    """What a segment has of each measure; nothing where no row has a value."""
    rows = []
    for measure in report.measures:
        profile = report.profile.get((segment_id, measure))
        if profile is not None and profile.mean is not None:
            label = clean(report.words[measure].label)
            rows.append(MeasureShare(label, profile.total_share, _measured(report, measure, profile.mean)))
    return rows


def _measured(report: Report, measure: str, value: float | None) -> str:
    return clean(printed(report.words[measure].value(value)))


def facts(report: Report, segment: SegmentRow) -> list[str]:
    """How sure the segment is: firmness, customers near a border, outliers, and its growth since the run before."""
    lines = []
    if (firmness := stability_word(segment.stability)) is not None:
        again = f"found again in random halves to {percent(segment.stability)}"
        lines.append(f"{firmness.capitalize()}: {again}")
    if segment.near_border is not None and len(report.segments) > 1:
        share = f" ({percent(segment.near_border / segment.rows)})" if segment.near_border else ""
        lines.append(f"{segment.near_border:,}{share} near the border to another segment")
    if segment.outliers:
        lines.append(f"{segment.outliers:,} unlike the others (outliers)")
    if (before := _rows_before(report, segment.segment_id)) is not None and before != segment.rows:
        more = "more" if segment.rows > before else "fewer"
        lines.append(f"{abs(segment.rows - before):,} {more} than in the run before")
    return lines


def _rows_before(report: Report, segment_id: int) -> int | None:
    before = report.flows[0].from_run_id if report.flows else None
    own: Sequence[int] = [s.rows for s in report.sizes if (s.run_id, s.segment_id) == (before, segment_id)]
    return own[0] if own else None
