"""Why this number of segments: curves and votes by k, and how well rows fit their segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from segjob.core.model import Floats
from segjob.report.data import Report, Sample, SweepRow
from segjob.report.figures.canvas import Figure, axes, blank, hide_ticks, number_ticks, whole_ticks
from segjob.report.palette import LIGHT, segment_colour
from segjob.report.words import number, percent, rule_name, segment_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Plot

_VOTE_HEIGHT = 21.0
"""Pixels between the lines of two rules."""
_BAND_STEPS = 160
"""Points that draw a band at most; more would not be seen."""


def elbow(report: Report) -> Figure:
    """Inertia by k, and below it every k rule's vote."""
    first, last = report.sweep[0], report.sweep[-1]
    chosen = _chosen(report)
    at = f"At the published k = {chosen.k} it is {number(chosen.inertia)}. " if chosen is not None else ""
    votes = "; ".join(
        f"{rule_name(vote.rule)} says {vote.k if vote.k is not None else 'nothing'}" for vote in report.votes
    )
    return Figure(
        name="elbow",
        title="How much is left unexplained, by number of segments",
        summary=f"Inertia falls from {number(first.inertia)} at k = {first.k} to "
        f"{number(last.inertia)} at k = {last.k}. {at}Votes: {votes}.",
        plot=_elbow_plot(report, chosen),
        columns=("Segments (k)", "Inertia"),
        rows=[(str(row.k), number(row.inertia)) for row in report.sweep],
        caption=f"Inertia sums the squared distances from each {report.noun.one} to the centre of its segment. More "
        "segments always bring it down; the bend, the elbow, is where another segment stops paying. The dots below "
        "say which number of segments each rule would choose.",
    )


def _elbow_plot(report: Report, chosen: SweepRow | None) -> Plot:
    votes = [(vote.rule, vote.k) for vote in report.votes if vote.k is not None]
    plot = blank(216 + _VOTE_HEIGHT * len(votes))
    ax = axes(plot, left=58, bottom=56 + _VOTE_HEIGHT * len(votes), top=20)
    ks = [row.k for row in report.sweep]
    _curve(ax, ks, [row.inertia for row in report.sweep])
    ks = sorted({*ks, *(k for _, k in votes)})  # a rule may vote for a number that was not tried
    ax.set_xlim(ks[0] - 0.5, ks[-1] + 0.5)
    if chosen is not None:
        _mark(ax, chosen.k, chosen.inertia)
        ax.annotate(
            f"{chosen.k} segments",
            (chosen.k, chosen.inertia),
            xytext=(8, 8),
            textcoords="offset points",
            fontweight="bold",
        )
    ax.set_ylim(bottom=0)
    ax.set_ylabel("inertia", color=LIGHT["muted"])
    number_ticks(ax, "y", 4)
    hide_ticks(ax, grid="y")
    whole_ticks(ax, ks)
    if votes:
        _votes(plot, ax, votes, int(report.run["k"]))
    return plot


def _votes(plot: Plot, ax: Axes, votes: Sequence[tuple[str, int]], published: int) -> None:
    """One line per rule under the axes, with a dot where it votes."""
    height = float(plot.get_size_inches()[1]) * 72
    place = ax.get_position()
    below = plot.add_axes((place.x0, 10 / height, place.width, _VOTE_HEIGHT * len(votes) / height), sharex=ax)
    low, high = ax.get_xlim()
    for row, (rule, k) in enumerate(votes):
        agrees = k == published
        below.plot([low, high], [-row, -row], color=LIGHT["line"], linewidth=0.8)
        dot = LIGHT["accent"] if agrees else LIGHT["muted"]
        below.plot([k], [-row], linestyle="none", marker="o", markersize=7, color=dot, zorder=3)
        offset, side = (-9, "right") if k > (low + high) / 2 else (9, "left")
        note = below.annotate(
            rule_name(rule),
            (k, -row),
            xytext=(offset, 0),
            textcoords="offset points",
            va="center",
            ha=side,
            fontsize=10.5,
            color=LIGHT["ink"] if agrees else LIGHT["muted"],
        )
        note.set_bbox({"facecolor": LIGHT["surface"], "edgecolor": "none", "pad": 1.0})
    below.set_ylim(-len(votes) + 0.5, 0.5)
    below.spines[:].set_visible(False)
    below.tick_params(length=0, labelbottom=False, labelleft=False)
    ax.tick_params(labelbottom=True)
    ax.set_xlabel("number of segments, and the rules’ votes", color=LIGHT["muted"])


def silhouette(report: Report) -> Figure:
    """Mean silhouette by k."""
    known = [(row.k, row.silhouette) for row in report.sweep if row.silhouette is not None]
    chosen = _chosen(report)
    best = max(known, key=lambda pair: pair[1])
    at = f" The published k = {chosen.k} has {number(chosen.silhouette)}." if chosen is not None else ""
    return Figure(
        name="silhouette",
        title="How separate the segments are, by number of segments",
        summary=f"The mean silhouette is highest at k = {best[0]} ({best[1]:.3f}).{at}",
        plot=_silhouette_plot(known, chosen),
        columns=("Segments (k)", "Mean silhouette"),
        rows=[(str(k), f"{value:.4f}") for k, value in known],
        caption=f"The silhouette compares how far {report.noun.many} are from their own segment and from the next "
        "one: 1 is far apart, 0 is on the border. Higher is better.",
    )


def _silhouette_plot(known: Sequence[tuple[int, float]], chosen: SweepRow | None) -> Plot:
    plot, ax = _curve_axes([k for k, _ in known], "mean silhouette")
    _curve(ax, [k for k, _ in known], [value for _, value in known])
    if chosen is not None and chosen.silhouette is not None:
        _mark(ax, chosen.k, chosen.silhouette)
        ax.annotate(
            f"{chosen.silhouette:.2f}",
            (chosen.k, chosen.silhouette),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            fontweight="bold",
        )
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, 0.0), high + (high - min(low, 0.0)) * 0.08)
    return plot


def gap(report: Report) -> Figure:
    """Gap statistic by k with its standard errors."""
    known = [(row.k, row.gap, row.gap_se or 0.0) for row in report.sweep if row.gap is not None]
    ks, values, errors = ([row[i] for row in known] for i in range(3))
    plot, ax = _curve_axes([row[0] for row in known], "gap")
    ax.errorbar(
        ks,
        values,
        yerr=errors,
        color=LIGHT["accent"],
        ecolor=LIGHT["muted"],
        marker="o",
        markersize=5,
        capsize=3,
        linewidth=1.8,
    )
    chosen = next((row for row in known if row[0] == report.run["k"]), None)
    if chosen is not None:
        _mark(ax, chosen[0], chosen[1])
    at = f" At the published k = {chosen[0]} it is {number(chosen[1])}." if chosen is not None else ""
    return Figure(
        name="gap",
        title="Better than evenly strewn rows, by number of segments",
        summary=f"The gap goes from {number(values[0])} at k = {ks[0]} to {number(values[-1])} at k = {ks[-1]}.{at}",
        plot=plot,
        columns=("Segments (k)", "Gap", "Standard error"),
        rows=[(str(k), number(value), number(error)) for k, value, error in known],
        caption="The gap statistic (Tibshirani, Walther and Hastie 2001) compares the inertia with that of rows "
        "strewn evenly. The rule takes the first k that the next one does not beat by more than its error.",
    )


def silhouette_bands(report: Report) -> Figure:
    """The silhouettes of the sampled rows, segment by segment, best first."""
    assert report.sample is not None
    mean = float(np.average(report.sample.silhouette, weights=report.sample.weight))
    rows = [
        (
            segment_name(s.segment_id, s.name, 60),
            f"{values.mean():.3f}",
            percent(float((values < 0).mean())),
        )
        for s in report.segments
        if len(values := report.of_segment(report.sample.silhouette, s.segment_id))
    ]
    one, many = report.noun.one, report.noun.many
    listed = "; ".join(f"segment {row[0]}: {row[1]}" for row in rows[:8])
    return Figure(
        name="bands",
        title=f"How well each {one} sits in its segment",
        summary=f"Mean silhouettes of the sampled {many}. {listed}. Over all: {mean:.3f}.",
        plot=_bands_plot(report, report.sample, mean),
        columns=("Segment", "Mean silhouette", "Closer to another segment"),
        rows=rows,
        caption=f"One band per segment, its {many} sorted from best to worst. A full, broad band is a tight "
        f"segment; a thin tail, above all to the left of 0, are {many} that might as well be in the next segment.",
    )


def _bands_plot(report: Report, sample: Sample, mean: float) -> Plot:
    """A band per segment, as thick as the segment is large, and a line at the mean of all."""
    plot = blank(96 + 34.0 * len(report.segments))
    ax = axes(plot, left=34, bottom=44, top=20)
    top = 0.0
    per_row = len(report.segments) / max(sample.weight.sum(), 1.0)
    for segment in report.segments:
        values = np.sort(report.of_segment(sample.silhouette, segment.segment_id))[::-1]
        if not len(values):
            continue
        thick = max(segment.rows * per_row, 0.35)
        _band(ax, values, top, thick, segment_colour(segment.segment_id))
        number_at = ax.text(
            -0.02, top - thick / 2, str(segment.segment_id), ha="right", va="center", fontweight="bold"
        )
        number_at.set_bbox({"facecolor": LIGHT["surface"], "edgecolor": "none", "pad": 1.0})
        top -= thick + 0.16
    ax.axvline(mean, color=LIGHT["ink"], linewidth=1.2, linestyle=(0, (3, 2)))
    ax.text(mean, 0.06, f"all {mean:.2f}", ha="center", va="bottom", color=LIGHT["muted"])
    ax.set_ylim(top + 0.1, 0.05)
    ax.set_xlim(min(-0.08, float(sample.silhouette.min()) - 0.02), 1.0)
    ax.set_yticks([])
    ax.spines[["left"]].set_visible(False)
    ax.set_xlabel(f"silhouette of each {report.noun.one}", color=LIGHT["muted"])
    number_ticks(ax, "x", 5)
    hide_ticks(ax, grid="x")
    return plot


def _band(ax: Axes, values: Floats, top: float, thick: float, colour: str) -> None:
    places = np.linspace(0, len(values) - 1, min(len(values), _BAND_STEPS)).round().astype(int)
    y = top - thick * (places + 0.5) / len(values)
    y = np.concatenate([[top], y, [top - thick]])
    x = np.concatenate([values[:1], values[places], values[-1:]])
    ax.fill_betweenx(y, 0.0, x, color=colour, linewidth=0)


def _curve_axes(ks: Sequence[int], measure: str) -> tuple[Plot, Axes]:
    """Axes for a measure by k."""
    plot = blank(230)
    ax = axes(plot, left=50, bottom=44, top=24)
    ax.set_xlabel("number of segments", color=LIGHT["muted"])
    ax.set_ylabel(measure, color=LIGHT["muted"])
    number_ticks(ax, "y", 4)
    whole_ticks(ax, ks)
    hide_ticks(ax, grid="y")
    return plot, ax


def _curve(ax: Axes, ks: Sequence[int], values: Sequence[float]) -> None:
    ax.plot(ks, values, color=LIGHT["accent"], linewidth=2, marker="o", markersize=4.5, zorder=2)
    ax.set_xlim(min(ks) - 0.5, max(ks) + 0.5)


def _mark(ax: Axes, k: int, value: float) -> None:
    """A ring around the published k."""
    ax.plot(
        [k],
        [value],
        linestyle="none",
        marker="o",
        markersize=13,
        markerfacecolor="none",
        markeredgecolor=LIGHT["ink"],
        markeredgewidth=1.6,
        zorder=4,
    )


def _chosen(report: Report) -> SweepRow | None:
    return next((row for row in report.sweep if row.is_chosen), None)
