"""What all figures share: the style, sizes and margins in pixels, axes, ticks and labels.

It knows nothing of segments or runs; what a figure shows is decided in the module of its section.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from segjob.core import number_format
from segjob.core.model import Floats
from segjob.report.palette import LIGHT
from segjob.report.words import percent, printed, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Plot

WIDTH = 380.0
"""Pixels, of every figure: nearly a phone's width, so that its text is readable there without zooming."""
FONT_SIZE = 11.5
LINE_HEIGHT = 14.0
_LETTER_WIDTH = 6.6
"""Pixels, the average of DejaVu Sans at `FONT_SIZE`."""

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": FONT_SIZE,
    "text.color": LIGHT["ink"],
    "text.parse_math": False,
    "axes.edgecolor": LIGHT["line"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.facecolor": "none",
    "axes.linewidth": 1.0,
    "axes.unicode_minus": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": FONT_SIZE,
    "axes.labelsize": FONT_SIZE,
    "xtick.color": LIGHT["line"],
    "ytick.color": LIGHT["line"],
    "xtick.labelcolor": LIGHT["muted"],
    "ytick.labelcolor": LIGHT["muted"],
    "xtick.labelsize": FONT_SIZE - 0.5,
    "ytick.labelsize": FONT_SIZE - 0.5,
    "text.hinting": "none",
    "figure.facecolor": LIGHT["surface"],
    "figure.dpi": 72,
    "savefig.facecolor": LIGHT["surface"],
    "grid.color": LIGHT["line"],
    "grid.linewidth": 0.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "segjob",
    "svg.image_inline": True,
    "path.simplify": False,
}


@dataclass(frozen=True)
class Figure:
    """A plot, and what a reader needs who cannot see it.

    name : of its files, and its anchor on the page; summary : one or two sentences with the numbers that matter;
    columns and rows : the same numbers as a table; caption : how to read such a plot; attributes : of its HTML element.
    """

    name: str
    title: str
    summary: str
    plot: Plot
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    caption: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@contextmanager
def style() -> Iterator[None]:
    """Matplotlib's settings for drawing and saving figures."""
    import matplotlib

    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # A name may be in a script that the drawing font lacks: the page shows it in the reader's own font.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def blank(height: float, width: float = WIDTH) -> Plot:
    """An empty plot of this size in pixels."""
    from matplotlib.figure import Figure as Plot

    return Plot(figsize=(width / 72, height / 72))


def axes(plot: Plot, *, left: float = 44, right: float = 14, top: float = 14, bottom: float = 40) -> Axes:
    """Axes inside margins in pixels."""
    width, height = (float(v) * 72 for v in plot.get_size_inches())
    return plot.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )


def label_margin(labels: Sequence[str], most: float = 168) -> float:
    """Room for labels beside an axis."""
    lines = [line for label in labels for line in label.split("\n")]
    return min(most, max(map(len, lines), default=0) * _LETTER_WIDTH + 12)


def row_height(labels: Sequence[str], least: float = 33.0) -> float:
    """Pixels of a row that has room for the label with the most lines."""
    return max(least, 7 + LINE_HEIGHT * max((label.count("\n") + 1 for label in labels), default=1))


def hide_ticks(ax: Axes, *, grid: Literal["x", "y", "both"] | None = None) -> None:
    """No tick marks; grid lines along the axes whose values are read off."""
    ax.tick_params(length=0)
    if grid:
        ax.grid(axis=grid)


def number_ticks(ax: Axes, which: Literal["x", "y"], most: int = 5) -> None:
    """At most `most` round numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(MaxNLocator(most))
    axis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))


def percent_ticks(ax: Axes, which: Literal["x", "y"], most: int = 4) -> None:
    """At most `most` round percentages."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(MaxNLocator(most))
    axis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))


def whole_ticks(ax: Axes, values: Sequence[int]) -> None:
    """Whole numbers below, at most a dozen of them."""
    step = max(1, math.ceil(len(values) / 12))
    ax.set_xticks([float(v) for v in values[::step]], [str(v) for v in values[::step]])


def compact(value: float) -> str:
    """A number short enough for a tick: 12k, 3.4M."""
    return printed(number_format.compact(value))


def to_axis(values: Floats, function: str) -> Floats:
    """Values as the axis has them: a log-transformed feature is shown on a logarithmic axis."""
    return np.log1p(values) if function == "log1p" else values


def feature_ticks(ax: Axes, which: Literal["x", "y"], function: str) -> None:
    """Ticks in the feature's own unit."""
    if function != "log1p":
        number_ticks(ax, which)
        return
    low, high = ax.get_xlim() if which == "x" else ax.get_ylim()
    ticks = log_ticks(math.expm1(low), math.expm1(high))
    setter = ax.set_xticks if which == "x" else ax.set_yticks
    setter([math.log1p(t) for t in ticks], [compact(t) for t in ticks])


def log_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """0 and powers of ten between two values above -1; 1, 2 and 5 where these are few."""
    top = max(0, math.ceil(math.log10(max(high, 1.0))))
    tens = [0.0, *(10.0**e for e in range(top + 1))]
    ticks = [t for t in tens if low <= t <= high]
    if len(ticks) < 3:
        fine = [0.0, *(m * 10.0**e for e in range(top + 1) for m in (1, 2, 5))]
        ticks = [t for t in fine if low <= t <= high]
    step = max(1, math.ceil(len(ticks) / most))
    return ticks[::step]


def horizontal_bars(
    ax: Axes,
    labels: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    colour: str | Sequence[str],
) -> None:
    """One bar per label, from the top down, with a text at its end."""
    places = [-float(i) for i in range(len(values))]
    ax.barh(places, values, 0.62, color=colour)
    for place, value, text in zip(places, values, texts, strict=True):
        bar_label(ax, value, place, text)
    row_labels(ax, places, labels)


def row_labels(ax: Axes, places: Sequence[float], labels: Sequence[str]) -> None:
    """Names of rows on the left, and neither ticks nor a frame."""
    ax.set_yticks(places, labels)
    ax.set_xticks([])
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelcolor=LIGHT["ink"])


def bar_label(ax: Axes, value: float, place: float, text: str) -> None:
    """A text at the end of a horizontal bar."""
    ax.annotate(
        text,
        (value, place),
        xytext=(4 if value >= 0 else -4, 0),
        textcoords="offset points",
        va="center",
        ha="left" if value >= 0 else "right",
        zorder=5,
        annotation_clip=False,
    )


def right_labels(ax: Axes, places: Sequence[float], texts: Sequence[str]) -> None:
    """A text for each row, in a column right of the axes: no line in them can cross it."""
    for place, text in zip(places, texts, strict=True):
        ax.annotate(
            text,
            (1.0, place),
            xycoords=ax.get_yaxis_transform(),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )


def separate(places: Floats, least: float, rounds: int = 60) -> Floats:
    """Points in pixels, pushed away from each other until they are `least` apart.

    Parameters
    ----------
    places : (k, 2).
    """
    moved = places.astype(np.float64)
    for _ in range(rounds):
        settled = True
        for i in range(len(moved)):
            for j in range(i):
                offset = moved[i] - moved[j]
                distance = float(np.hypot(*offset))
                if distance >= least - 1e-6:
                    continue
                settled = False
                # Two centres in the same place part sideways, by their order.
                direction = offset / distance if distance > 1e-9 else np.array([1.0, 0.0])
                push = direction * (least - distance) / 2
                moved[i] += push
                moved[j] -= push
        if settled:
            break
    return moved


def spread_evenly(count: int) -> Floats:
    """(count,) places in [0, 1), the same every time: of multiples of the golden ratio, any run is spread evenly."""
    golden_ratio = 0.6180339887
    return np.asarray((np.arange(count) * golden_ratio) % 1.0, dtype=np.float64)


def label(text: str, most: int = 46) -> str:
    """An axis label that fits: of two lines, if need be."""
    return wrapped(text, most, lines=2)
