"""Why this number of segments, and how well each customer sits in its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from segjob.core.model import Floats
from segjob.report.data import Report, Tried
from segjob.report.figures.canvas import Drawn, axes, blank, number_ticks, quiet, whole_ticks
from segjob.report.palette import LIGHT, segment_colour
from segjob.report.words import number, percent, rule_name, segment_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_VOTE_LINE = 21.0
_BAND_STEPS = 160
"""A band is drawn with at most so many steps."""


def elbow(report: Report) -> Drawn:
    """Inertia by k, and below it every rule's vote."""
    votes = [(vote.rule, vote.k) for vote in report.votes if vote.k is not None]
    figure = blank(216 + _VOTE_LINE * len(votes))
    ax = axes(figure, left=58, bottom=56 + _VOTE_LINE * len(votes), top=20)
    ks = [t.k for t in report.sweep]
    _curve(ax, ks, [t.inertia for t in report.sweep])
    seen = sorted({*ks, *(k for _, k in votes)})  # a rule may vote for a number that was not asked for
    ax.set_xlim(seen[0] - 0.5, seen[-1] + 0.5)
    chosen = _chosen(report)
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
    quiet(ax, grid="y")
    whole_ticks(ax, seen)
    if votes:
        _votes(figure, ax, votes, int(report.run["k"]))
    told = "; ".join(
        f"{rule_name(v.rule)} says {v.k if v.k is not None else 'nothing'}" for v in report.votes
    )
    at = f"At the published k = {chosen.k} it is {number(chosen.inertia)}. " if chosen is not None else ""
    return Drawn(
        name="elbow",
        title="How much is left unexplained, by number of segments",
        summary=(
            f"Inertia falls from {number(report.sweep[0].inertia)} at k = {ks[0]} to "
            f"{number(report.sweep[-1].inertia)} at k = {ks[-1]}. {at}Votes: {told}."
        ),
        figure=figure,
        columns=("Segments (k)", "Inertia"),
        rows=[(str(t.k), number(t.inertia)) for t in report.sweep],
        how=(
            f"Inertia sums the squared distances from each {report.noun.one} to the centre of its segment. More "
            "segments always bring it down; the bend, the elbow, is where another segment stops paying. The dots below "
            "say which number of segments each rule would choose."
        ),
    )


def _votes(figure: Figure, ax: Axes, votes: Sequence[tuple[str, int]], published: int) -> None:
    """One line per rule under the axes, with a dot where it votes."""
    height = float(figure.get_size_inches()[1]) * 72
    place = ax.get_position()
    below = figure.add_axes((place.x0, 10 / height, place.width, _VOTE_LINE * len(votes) / height), sharex=ax)
    low, high = ax.get_xlim()
    for row, (rule, k) in enumerate(votes):
        agrees = k == published
        below.plot([low, high], [-row, -row], color=LIGHT["line"], linewidth=0.8)
        dot = LIGHT["accent"] if agrees else LIGHT["muted"]
        below.plot([k], [-row], linestyle="none", marker="o", markersize=7, color=dot, zorder=3)
        away, side = (-9, "right") if k > (low + high) / 2 else (9, "left")
        note = below.annotate(
            rule_name(rule),
            (k, -row),
            xytext=(away, 0),
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


def silhouette(report: Report) -> Drawn:
    """Mean silhouette by k."""
    known = [(t.k, t.silhouette) for t in report.sweep if t.silhouette is not None]
    figure = blank(230)
    ax = axes(figure, left=50, bottom=44, top=24)
    _curve(ax, [k for k, _ in known], [value for _, value in known])
    chosen = _chosen(report)
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
    ax.set_xlabel("number of segments", color=LIGHT["muted"])
    ax.set_ylabel("mean silhouette", color=LIGHT["muted"])
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, 0.0), high + (high - min(low, 0.0)) * 0.08)
    number_ticks(ax, "y", 4)
    whole_ticks(ax, [k for k, _ in known])
    quiet(ax, grid="y")
    best = max(known, key=lambda pair: pair[1])
    at = f" The published k = {chosen.k} has {number(chosen.silhouette)}." if chosen is not None else ""
    return Drawn(
        "silhouette",
        "How separate the segments are, by number of segments",
        f"The mean silhouette is highest at k = {best[0]} ({best[1]:.3f}).{at}",
        figure,
        ("Segments (k)", "Mean silhouette"),
        [(str(k), f"{value:.4f}") for k, value in known],
        f"The silhouette compares how far {report.noun.many} are from their own segment and from the next one: "
        "1 is far apart, 0 is on the border. Higher is better.",
    )


def gap(report: Report) -> Drawn:
    """Gap statistic by k with its standard errors."""
    known = [(t.k, t.gap, t.gap_se or 0.0) for t in report.sweep if t.gap is not None]
    figure = blank(230)
    ax = axes(figure, left=50, bottom=44, top=24)
    ks, values, errors = ([row[i] for row in known] for i in range(3))
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
        _mark(ax, int(chosen[0]), float(chosen[1]))
    ax.set_xlabel("number of segments", color=LIGHT["muted"])
    ax.set_ylabel("gap", color=LIGHT["muted"])
    number_ticks(ax, "y", 4)
    whole_ticks(ax, [int(k) for k in ks])
    quiet(ax, grid="y")
    at = f" At the published k = {chosen[0]} it is {number(chosen[1])}." if chosen is not None else ""
    return Drawn(
        "gap",
        "Better than no structure at all, by number of segments",
        f"The gap goes from {number(values[0])} at k = {ks[0]} to {number(values[-1])} at k = {ks[-1]}.{at}",
        figure,
        ("Segments (k)", "Gap", "Standard error"),
        [(str(k), number(v), number(e)) for k, v, e in known],
        "The gap statistic (Tibshirani, Walther and Hastie 2001) compares the inertia with that of rows "
        "strewn evenly. The rule takes the first k that the next one does not beat by more than its error.",
    )


def bands(report: Report) -> Drawn:
    """The silhouettes of the sampled customers, segment by segment, best first."""
    assert report.sample is not None
    figure = blank(96 + 34.0 * len(report.segments))
    ax = axes(figure, left=34, bottom=44, top=20)
    rows: list[tuple[str, str, str]] = []
    at = 0.0
    unit = len(report.segments) / max(report.sample.weight.sum(), 1.0)
    for segment in report.segments:
        values = np.sort(report.of_segment(report.sample.silhouette, segment.segment_id))[::-1]
        if not len(values):
            continue
        thick = max(segment.rows * unit, 0.35)
        _band(ax, values, at, thick, segment_colour(segment.segment_id))
        ax.text(
            -0.02, at - thick / 2, str(segment.segment_id), ha="right", va="center", fontweight="bold"
        ).set_bbox({"facecolor": LIGHT["surface"], "edgecolor": "none", "pad": 1.0})
        rows.append(
            (
                segment_name(segment.segment_id, segment.name, 60),
                f"{values.mean():.3f}",
                percent(float((values < 0).mean())),
            )
        )
        at -= thick + 0.16
    mean = float(np.average(report.sample.silhouette, weights=report.sample.weight))
    ax.axvline(mean, color=LIGHT["ink"], linewidth=1.2, linestyle=(0, (3, 2)))
    ax.text(mean, 0.06, f"all {mean:.2f}", ha="center", va="bottom", color=LIGHT["muted"])
    ax.set_ylim(at + 0.1, 0.05)
    ax.set_xlim(min(-0.08, float(report.sample.silhouette.min()) - 0.02), 1.0)
    ax.set_yticks([])
    ax.spines[["left"]].set_visible(False)
    ax.set_xlabel(f"silhouette of each {report.noun.one}", color=LIGHT["muted"])
    number_ticks(ax, "x", 5)
    quiet(ax, grid="x")
    told = "; ".join(f"segment {row[0]}: {row[1]}" for row in rows[:8])
    return Drawn(
        "bands",
        f"How well each {report.noun.one} sits in its segment",
        f"Mean silhouettes of the sampled {report.noun.many}. {told}. Over all: {mean:.3f}.",
        figure,
        ("Segment", "Mean silhouette", "Closer to another segment"),
        rows,
        f"One band per segment, its {report.noun.many} sorted from best to worst. A full, broad band is a tight "
        f"segment; a thin tail, above all to the left of 0, are {report.noun.many} that might "
        "as well be in the next segment.",
    )


def _band(ax: Axes, values: Floats, top: float, thick: float, colour: str) -> None:
    places = np.linspace(0, len(values) - 1, min(len(values), _BAND_STEPS)).round().astype(int)
    y = top - thick * (places + 0.5) / len(values)
    y = np.concatenate([[top], y, [top - thick]])
    x = np.concatenate([values[:1], values[places], values[-1:]])
    ax.fill_betweenx(y, 0.0, x, color=colour, linewidth=0)


def _curve(ax: Axes, ks: Sequence[int], values: Sequence[float]) -> None:
    ax.plot(ks, values, color=LIGHT["accent"], linewidth=2, marker="o", markersize=4.5, zorder=2)
    ax.set_xlim(min(ks) - 0.5, max(ks) + 0.5)


def _mark(ax: Axes, k: int, value: float) -> None:
    """A ring around what was published."""
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


def _chosen(report: Report) -> Tried | None:
    return next((t for t in report.sweep if t.is_chosen), None)
