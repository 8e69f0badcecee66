"""What sets the segments apart, feature by feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from segjob.report import importance
from segjob.report.data import Report
from segjob.report.figures.canvas import FONT, Drawn, axes, beside, blank, margin
from segjob.report.palette import LIGHT, segment_colour
from segjob.report.words import clean, feature_name, in_lines, number, percent, plain, segment_name, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DEEPEST = 2.0
"""Standard deviations from which on a cell gets no darker."""
_OPACITY = 0.62
_MOST_CATEGORIES = 6
_SHADES = ("accent", "bar", "above", "below", "muted", "line", "s7")
"""The last one is for all other categories together."""


def heat(report: Report) -> Drawn:
    """Segments by features: how many standard deviations from everyone. Few segments stand side by side."""
    transforms = [report.transforms[j] for j in importance.shown(report)]
    features = [feature_name(t) for t in transforms]
    labels = [segment_name(s.segment_id, s.name, 14) for s in report.segments]
    ids = [str(s.segment_id) for s in report.segments]
    found = [[_z(report, s.segment_id, t.feature) for t in transforms] for s in report.segments]
    wide = len(report.segments) <= 8
    if wide:
        cells = [list(row) for row in zip(*found, strict=True)]
        heads, rows, beside_rows = ids, features, [short(name, 20) for name in features]
    else:
        cells, heads, rows = found, [str(i) for i in range(1, len(features) + 1)], labels
        beside_rows = ids if len(features) > 6 else [short(name, 20) for name in labels]
    key = "" if wide else f" Features: {', '.join(f'{i} {name}' for i, name in enumerate(features, 1))}."
    return Drawn(
        name="heat",
        title="Every feature of every segment",
        summary=f"A table of segments and features: {_extremes(report)}.",
        figure=_cells(cells, heads, beside_rows, "segment" if wide else "feature"),
        columns=("", *(labels if wide else features)),
        rows=[(name, *map(_told, row)) for name, row in zip(rows, cells, strict=True)],
        how=f"How far a segment’s average is from {report.noun.everyones}, in standard deviations: 0 is like them, "
        f"±1 clearly different, ±2 extreme. Orange is above, blue below.{key}",
    )


def _cells(
    cells: Sequence[Sequence[float | None]], heads: Sequence[str], rows: Sequence[str], across: str
) -> Figure:
    figure = blank(66 + 30.0 * len(rows))
    ax = axes(figure, left=margin(rows, 150), right=6, top=40, bottom=8)
    size = 9.5 if len(heads) > 6 else FONT
    for row, line in enumerate(cells):
        for column, z in enumerate(line):
            if z is not None:
                shade = LIGHT["above" if z > 0 else "below"]
                depth = min(abs(z) / _DEEPEST, 1.0) * _OPACITY
                ax.barh(-row, 0.94, 0.9, column - 0.47, color=shade, alpha=depth)
            ax.text(column, -row, _told(z), ha="center", va="center", fontsize=size)
    ax.set_xlim(-0.5, len(heads) - 0.5)
    ax.set_ylim(-len(rows) + 0.5, 0.5)
    ax.set_xticks(range(len(heads)), heads)
    ax.xaxis.tick_top()
    ax.set_xlabel(across, color=LIGHT["muted"])
    ax.xaxis.set_label_position("top")
    ax.set_yticks([-float(i) for i in range(len(rows))], rows)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelcolor=LIGHT["ink"])
    return figure


def _z(report: Report, segment_id: int, feature: str) -> float | None:
    profile = report.profile.get((segment_id, feature))
    return profile.z if profile is not None else None


def _told(z: float | None) -> str:
    if z is None:
        return "–"
    return "0.0" if abs(z) < 0.05 else f"{z:+.1f}".replace("-", "−")


def _extremes(report: Report, most: int = 4) -> str:
    found = sorted((p for p in report.profiles if p.z is not None), key=lambda p: -abs(p.z or 0.0))[:most]
    names = {t.feature: feature_name(t) for t in report.transforms}
    return "; ".join(
        f"segment {segment_name(p.segment_id, report.names[p.segment_id], 40)} is {abs(p.z or 0.0):.1f} standard "
        f"deviations {'above' if (p.z or 0.0) > 0 else 'below'} {report.noun.everyone} in "
        f"{names.get(p.feature, p.feature)}"
        for p in found
    )


def means(report: Report, position: int) -> Drawn:
    """One numeric feature: each segment's mean beside everyone's."""
    transform = report.transforms[position]
    name = feature_name(transform)
    found = [report.profile.get((s.segment_id, transform.feature)) for s in report.segments]
    values = [p.mean if p is not None else None for p in found]
    everyone = next((p.overall_mean for p in found if p is not None), None)
    labels = [in_lines(s.segment_id, s.name) for s in report.segments]
    figure = blank(52 + 33.0 * len(labels))
    ax = axes(figure, left=158, right=52, top=24, bottom=12)
    places = [-float(i) for i in range(len(values))]
    ax.barh(
        places,
        [v or 0.0 for v in values],
        0.62,
        color=[segment_colour(s.segment_id) for s in report.segments],
    )
    for place, value in zip(places, values, strict=True):
        beside(
            ax, value or 0.0, place, number(value), on_line=everyone is not None and (value or 0.0) < everyone
        )
    if everyone is not None:
        ax.axvline(everyone, color=LIGHT["ink"], linewidth=1.2, linestyle=(0, (3, 2)))
        ax.text(
            everyone,
            0.55,
            f"{report.noun.everyone} {number(everyone)}",
            ha="center",
            va="bottom",
            color=LIGHT["muted"],
        )
    ax.set_ylim(-len(values) + 0.5, 0.5)
    ax.set_yticks(places, labels)
    ax.set_xticks([])
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.tick_params(length=0, labelcolor=LIGHT["ink"])
    rows = [
        (
            segment_name(s.segment_id, s.name, 60),
            *([number(v) for v in (p.mean, p.p25, p.median, p.p75)] if p is not None else ["–"] * 4),
        )
        for s, p in zip(report.segments, found, strict=True)
    ]
    told = "; ".join(f"{row[0]}: {row[1]}" for row in rows[:8])
    return Drawn(
        name=f"mean_{position}",
        title=f"Average {name}",
        summary=f"Mean {name} by segment, against {number(everyone)} for {report.noun.everyone}: {told}.",
        figure=figure,
        columns=(
            "Segment",
            "Mean",
            "A quarter is below",
            "Half is below (median)",
            "Three quarters are below",
        ),
        rows=[*rows, (report.noun.everyone, number(everyone), "", "", "")],
    )


def shares(report: Report, column: str) -> Drawn:
    """One categorical feature: what each segment is made of, beside everyone."""
    of_column = [t for t in report.transforms if t.source_column == column and t.category is not None]
    of_column.sort(key=lambda t: -_overall(report, t.feature))
    shown, rest = of_column[:_MOST_CATEGORIES], of_column[_MOST_CATEGORIES:]
    names = [clean(t.category or "") for t in shown] + (["all others"] if rest else [])
    table: list[tuple[str, list[float]]] = []
    for segment in report.segments:
        own = [_mean(report, segment.segment_id, t.feature) for t in shown]
        table.append((segment_name(segment.segment_id, segment.name, 60), own))
    table.append((report.noun.everyone, [_overall(report, t.feature) for t in shown]))
    labels = [*(in_lines(s.segment_id, s.name) for s in report.segments), report.noun.everyone]
    figure = blank(56 + 33.0 * len(table))
    ax = axes(figure, left=158, right=10, top=34, bottom=12)
    places = [-float(i) - (0.25 if i == len(table) - 1 else 0.0) for i in range(len(table))]
    for place, (_, own) in zip(places, table, strict=True):
        start = 0.0
        parts = [*own, max(0.0, 1.0 - sum(own))] if rest else own
        for shade, part in zip(_SHADES, parts, strict=False):
            ax.barh(place, part, 0.66, start, color=LIGHT[shade], alpha=0.55)
            if part >= 0.12:
                ax.text(start + part / 2, place, percent(part), ha="center", va="center")
            start += part
    _key(ax, names)
    ax.set_xlim(0, 1)
    ax.set_yticks(places, labels)
    ax.set_xticks([])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelcolor=LIGHT["ink"])
    told = "; ".join(
        f"{name}: {', '.join(f'{c} {percent(v)}' for c, v in zip(names, own, strict=False))}"
        for name, own in table[:8]
    )
    position = report.transforms.index(of_column[0])
    return Drawn(
        name=f"share_{position}",
        title=f"{plain(column)} of each segment",
        summary=told + ".",
        figure=figure,
        columns=("Segment", *names[: len(shown)]),
        rows=[(name, *(percent(v) for v in own)) for name, own in table],
    )


def _key(ax: Axes, names: list[str]) -> None:
    """Which shade is which category, above the bars."""
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=LIGHT[shade], alpha=0.55, label=short(name, 16))
        for shade, name in zip(_SHADES, names, strict=False)
    ]
    ax.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=min(3, len(handles)),
        frameon=False,
        handlelength=1.0,
        handleheight=1.0,
        columnspacing=1.2,
        borderpad=0.2,
    )


def _mean(report: Report, segment_id: int, feature: str) -> float:
    profile = report.profile.get((segment_id, feature))
    return (profile.mean or 0.0) if profile is not None else 0.0


def _overall(report: Report, feature: str) -> float:
    return next((p.overall_mean or 0.0 for p in report.profiles if p.feature == feature), 0.0)
