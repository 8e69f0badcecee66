"""How the segments differ, feature by feature: a heat map of all, means of numbers, shares of categories."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from segjob.report import importance
from segjob.report.data import ProfileRow, Report
from segjob.report.figures.canvas import (
    FONT_SIZE,
    Figure,
    axes,
    blank,
    label_margin,
    right_labels,
    row_height,
    row_labels,
)
from segjob.report.palette import LIGHT, segment_colour
from segjob.report.words import (
    clean,
    feature_name,
    feature_value,
    percent,
    segment_name,
    short,
    wrapped,
    wrapped_name,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Plot
    from matplotlib.transforms import Transform as Transform2D

    from segjob.core.model import Transform

_DARKEST_Z = 2.0
"""Standard deviations from which on a cell gets no darker."""
_OPACITY = 0.62
"""Of the darkest cell: the number in it must stay readable."""
_MOST_COLUMNS = 8
"""Segments that fit side by side; more become rows."""
_MOST_CATEGORIES = 6
_WIDE_NAME, _WIDEST_LEGEND = 20, 48
"""Characters of a category up to which two stand side by side in a legend, and after which it is cut."""
_ROLES = ("accent", "bar", "above", "below", "muted", "line", "s7")
"""Colours of categories; the last one is for all other categories together."""


def heatmap(report: Report) -> Figure:
    """Segments by features: how many standard deviations a segment's mean is from the overall mean."""
    transforms = [report.transforms[j] for j in importance.shown_features(report)]
    features = [feature_name(report, transform) for transform in transforms]
    segments = [segment_name(s.segment_id, s.name, 60) for s in report.segments]
    ids = [str(s.segment_id) for s in report.segments]
    cells = [[_z(report, s.segment_id, t.feature) for t in transforms] for s in report.segments]
    if len(report.segments) <= _MOST_COLUMNS:
        cells = [list(row) for row in zip(*cells, strict=True)]
        plot = _cells(cells, ids, [wrapped(name, 24) for name in features], "segment")
        columns, row_names, key = segments, features, ""
    else:
        labels = ids if len(features) > 6 else [wrapped(name, 24) for name in segments]
        plot = _cells(cells, [str(i) for i in range(1, len(features) + 1)], labels, "feature")
        columns, row_names = features, segments
        key = f" Features: {', '.join(f'{i} {name}' for i, name in enumerate(features, 1))}."
    return Figure(
        name="heat",
        title="Every feature of every segment",
        summary=f"A table of segments and features: {_extremes(report)}.",
        plot=plot,
        columns=("", *columns),
        rows=[(name, *map(_signed, row)) for name, row in zip(row_names, cells, strict=True)],
        caption=f"How far a segment’s average is from {report.noun.everyones}, in standard deviations: 0 is like "
        f"them, ±1 clearly different, ±2 extreme. Orange is above, blue below.{key}",
    )


def _cells(
    cells: Sequence[Sequence[float | None]], columns: Sequence[str], rows: Sequence[str], across: str
) -> Plot:
    """Across : what a column is."""
    plot = blank(48 + row_height(rows, 30.0) * len(rows))
    ax = axes(plot, left=label_margin(rows, 172), right=6, top=40, bottom=8)
    size = 9.5 if len(columns) > 6 else FONT_SIZE
    for y, row in enumerate(cells):
        for x, z in enumerate(row):
            if z is not None:
                colour = LIGHT["above" if z > 0 else "below"]
                depth = min(abs(z) / _DARKEST_Z, 1.0) * _OPACITY
                ax.barh(-y, 0.94, 0.9, x - 0.47, color=colour, alpha=depth)
            ax.text(x, -y, _signed(z), ha="center", va="center", fontsize=size)
    ax.set_xlim(-0.5, len(columns) - 0.5)
    ax.set_ylim(-len(rows) + 0.5, 0.5)
    row_labels(ax, [-float(i) for i in range(len(rows))], rows)
    ax.set_xticks(range(len(columns)), columns)
    ax.xaxis.tick_top()
    ax.set_xlabel(across, color=LIGHT["muted"])
    ax.xaxis.set_label_position("top")
    return plot


def _z(report: Report, segment_id: int, feature: str) -> float | None:
    profile = report.profile.get((segment_id, feature))
    return profile.z if profile is not None else None


def _signed(z: float | None) -> str:
    if z is None:
        return "–"
    return "0.0" if abs(z) < 0.05 else f"{z:+.1f}".replace("-", "−")


def _extremes(report: Report, most: int = 4) -> str:
    names = {t.feature: feature_name(report, t) for t in report.transforms}
    known = ((p, p.z) for p in report.profiles if p.z is not None and p.feature in names)
    largest = sorted(known, key=lambda pair: -abs(pair[1]))
    return "; ".join(
        f"segment {segment_name(p.segment_id, report.names[p.segment_id], 40)} is {abs(z):.1f} standard "
        f"deviations {'above' if z > 0 else 'below'} {report.noun.everyone} in {names[p.feature]}"
        for p, z in largest[:most]
    )


def means(report: Report, position: int) -> Figure:
    """One numeric feature: each segment's mean beside the overall mean."""
    transform = report.transforms[position]
    name, everyone = feature_name(report, transform), report.noun.everyone
    profiles = [report.profile.get((s.segment_id, transform.feature)) for s in report.segments]
    overall = next((p.overall_mean for p in profiles if p is not None), None)
    rows = [
        (segment_name(s.segment_id, s.name, 60), *_quartiles(report, transform, profile))
        for s, profile in zip(report.segments, profiles, strict=True)
    ]
    listed = "; ".join(f"{row[0]}: {row[1]}" for row in rows[:8])
    of_everyone = feature_value(report, transform, overall)
    return Figure(
        name=f"mean_{position}",
        title=f"Average {name}",
        summary=f"Mean {name} by segment, against {of_everyone} for {everyone}: {listed}.",
        plot=_mean_bars(report, transform, [p.mean if p is not None else None for p in profiles], overall),
        columns=(
            "Segment",
            "Mean",
            "A quarter is below",
            "Half is below (median)",
            "Three quarters are below",
        ),
        rows=[*rows, (everyone, of_everyone, "", "", "")],
    )


def _quartiles(report: Report, transform: Transform, profile: ProfileRow | None) -> list[str]:
    """Mean, quartiles; dashes where the segment has no value."""
    if profile is None:
        return ["–"] * 4
    values = (profile.mean, profile.p25, profile.median, profile.p75)
    return [feature_value(report, transform, value) for value in values]


def _mean_bars(
    report: Report, transform: Transform, values: Sequence[float | None], overall: float | None
) -> Plot:
    """A bar per segment, and a line at the overall mean."""
    names = [wrapped_name(s.segment_id, s.name) for s in report.segments]
    plot = blank(40 + row_height(names) * len(values))
    texts = [feature_value(report, transform, value) for value in values]
    ax = axes(plot, left=158, right=max(52, label_margin(texts, 100)), top=28, bottom=8)
    places = [-float(i) for i in range(len(values))]
    lengths = [value or 0.0 for value in values]
    ax.barh(places, lengths, 0.62, color=[segment_colour(s.segment_id) for s in report.segments])
    right_labels(ax, places, texts)
    if overall is not None:
        ax.axvline(overall, color=LIGHT["ink"], linewidth=1.2, linestyle=(0, (3, 2)))
        _heading(ax, overall, f"{report.noun.everyone} {feature_value(report, transform, overall)}")
    ax.set_ylim(-len(values) + 0.5, 0.5)
    row_labels(ax, places, names)
    return plot


def _heading(ax: Axes, value: float, text: str) -> None:
    """A text above a vertical line, on the side of it that has more room."""
    low, high = ax.get_xlim()
    part = (value - low) / (high - low)
    side = "left" if part < 0.3 else "right" if part > 0.7 else "center"
    ax.annotate(
        text,
        (value, 1.0),
        xycoords=ax.get_xaxis_transform(),
        xytext=(0, 4),
        textcoords="offset points",
        ha=side,
        va="bottom",
        color=LIGHT["muted"],
        annotation_clip=False,
    )


def shares(report: Report, column: str) -> Figure:
    """One categorical feature: what each segment is made of, and all rows."""
    transforms = [t for t in report.transforms if t.source_column == column and t.category is not None]
    transforms.sort(key=lambda t: -_overall(report, t.feature))
    shown = transforms[:_MOST_CATEGORIES]
    names = [clean(t.category or "") for t in shown]
    per_segment = _category_shares(report, shown)
    everyone = report.noun.everyone
    rows = [segment_name(s.segment_id, s.name, 60) for s in report.segments] + [everyone]
    listed = "; ".join(
        f"{row}: {', '.join(f'{name} {percent(share)}' for name, share in zip(names, own, strict=True))}"
        for row, own in zip(rows[:8], per_segment, strict=False)
    )
    labels = [wrapped_name(s.segment_id, s.name) for s in report.segments] + [everyone]
    has_rest = len(transforms) > len(shown)
    return Figure(
        name=f"share_{report.transforms.index(transforms[0])}",
        title=f"{clean(report.words[column].label)} of each segment",
        summary=f"{listed}.",
        plot=_stacked_bars(labels, per_segment, [*names, "all others"] if has_rest else names),
        columns=("Segment", *names),
        rows=[(row, *map(percent, own)) for row, own in zip(rows, per_segment, strict=True)],
    )


def _category_shares(report: Report, transforms: Sequence[Transform]) -> list[list[float]]:
    """The categories' shares, a list per segment, and those of all rows last."""
    shares = [
        [
            (profile.mean or 0.0) if profile is not None else 0.0
            for profile in (report.profile.get((s.segment_id, t.feature)) for t in transforms)
        ]
        for s in report.segments
    ]
    return [*shares, [_overall(report, t.feature) for t in transforms]]


def _overall(report: Report, feature: str) -> float:
    return next((p.overall_mean or 0.0 for p in report.profiles if p.feature == feature), 0.0)


def _stacked_bars(labels: Sequence[str], shares: Sequence[Sequence[float]], names: Sequence[str]) -> Plot:
    """A bar per row of shares, the last one a little apart; a name more than shares stands for the rest of a bar."""
    lines = math.ceil(len(names) / _legend_columns(names))
    plot = blank(30 + 20.0 * lines + row_height(labels) * len(shares))
    ax = axes(plot, left=158, right=10, top=14 + 20.0 * lines, bottom=12)
    places = [-float(i) for i in range(len(shares))]
    places[-1] -= 0.25
    for place, own in zip(places, shares, strict=True):
        start = 0.0
        parts = [*own, max(0.0, 1.0 - sum(own))] if len(names) > len(own) else own
        for role, part in zip(_ROLES, parts, strict=False):
            ax.barh(place, part, 0.66, start, color=LIGHT[role], alpha=0.55)
            if part >= 0.12:  # narrower ones have no room for a number
                ax.text(start + part / 2, place, percent(part), ha="center", va="center")
            start += part
    _category_legend(ax, names)
    ax.set_xlim(0, 1)
    row_labels(ax, places, labels)
    return plot


def _row_transform(ax: Axes) -> Transform2D:
    """From 0 to 1 across the whole figure, and up the axes."""
    from matplotlib.transforms import blended_transform_factory

    return blended_transform_factory(ax.figure.transFigure, ax.transAxes)


def _legend_columns(names: Sequence[str]) -> int:
    return 2 if max(map(len, names)) <= _WIDE_NAME else 1


def _category_legend(ax: Axes, names: Sequence[str]) -> None:
    """Which colour is which category, above the bars."""
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=LIGHT[role], alpha=0.55, label=short(name, _WIDEST_LEGEND))
        for role, name in zip(_ROLES, names, strict=False)
    ]
    ax.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        bbox_transform=_row_transform(ax),
        ncols=_legend_columns(names),
        frameon=False,
        handlelength=1.0,
        handleheight=1.0,
        columnspacing=1.2,
        borderpad=0.2,
    )
