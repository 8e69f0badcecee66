"""What all figures share: size and margins in pixels, quiet axes, ticks in people's numbers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from segjob.core.model import Floats
from segjob.report.palette import LIGHT
from segjob.report.words import number, percent, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 380.0
"""Of every figure: nearly a phone's, so that its text is readable there without zooming."""
FONT = 11.5
_LETTER = 6.6
"""About how wide a letter is."""

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": FONT,
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
    "axes.titlesize": FONT,
    "axes.labelsize": FONT,
    "xtick.color": LIGHT["line"],
    "ytick.color": LIGHT["line"],
    "xtick.labelcolor": LIGHT["muted"],
    "ytick.labelcolor": LIGHT["muted"],
    "xtick.labelsize": FONT - 0.5,
    "ytick.labelsize": FONT - 0.5,
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
class Drawn:
    """A figure with what a reader needs who cannot see it.

    name : of its files; summary : one or two sentences with the numbers that matter; columns and rows : the same
    numbers as a table; how : how to read it, for who sees such a figure for the first time.
    """

    name: str
    title: str
    summary: str
    figure: Figure
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    how: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


@contextmanager
def style() -> Iterator[None]:
    """The look of everything that is drawn and saved in here."""
    import matplotlib

    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # A name may be in a script that the drawing font lacks: the page shows it in the reader's own font.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def blank(height: float, width: float = WIDTH) -> Figure:
    """An empty figure, in pixels; of the common width, unless it is one of many."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / 72, height / 72))


def axes(figure: Figure, *, left: float = 44, right: float = 14, top: float = 14, bottom: float = 40) -> Axes:
    """Axes inside margins in pixels."""
    width, height = (float(v) * 72 for v in figure.get_size_inches())
    return figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )


def margin(labels: Sequence[str], most: float = 168) -> float:
    """Room for labels beside an axis."""
    return min(most, max((len(label) for label in labels), default=0) * _LETTER + 12)


def quiet(ax: Axes, *, grid: Literal["x", "y", "both"] | None = None) -> None:
    """No tick marks; grid lines only where values are read off."""
    ax.tick_params(length=0)
    if grid:
        ax.grid(axis=grid)


def number_ticks(ax: Axes, which: Literal["x", "y"], most: int = 5) -> None:
    """A few round numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(MaxNLocator(most))
    axis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))


def percent_ticks(ax: Axes, which: Literal["x", "y"], most: int = 4) -> None:
    """A few round shares."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_locator(MaxNLocator(most))
    axis.set_major_formatter(FuncFormatter(lambda value, _: percent(value)))


def whole_ticks(ax: Axes, values: Sequence[int]) -> None:
    """The tried numbers of segments below, at most a dozen of them."""
    step = max(1, math.ceil(len(values) / 12))
    ax.set_xticks([float(v) for v in values[::step]], [str(v) for v in values[::step]])


def compact(value: float) -> str:
    """A number short enough for a tick: 12k, 3.4M."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return number(value / (1e3 if letter == "k" else size)) + letter
    return number(value)


def to_axis(values: Floats, function: str) -> Floats:
    """Where values stand on their axis: a feature that is segmented by its logarithm is drawn so."""
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
    found = [t for t in tens if low <= t <= high]
    if len(found) < 3:
        fine = [0.0, *(m * 10.0**e for e in range(top + 1) for m in (1, 2, 5))]
        found = [t for t in fine if low <= t <= high]
    step = max(1, math.ceil(len(found) / most))
    return found[::step]


def beside(ax: Axes, value: float, place: float, text: str, *, on_line: bool = False) -> None:
    """A number at the end of a horizontal bar; `on_line` keeps it readable where a line crosses it."""
    away = 4 if value >= 0 else -4
    note = ax.annotate(
        text,
        (value, place),
        xytext=(away, 0),
        textcoords="offset points",
        va="center",
        ha="left" if value >= 0 else "right",
        zorder=5,
        annotation_clip=False,
    )
    if on_line:
        note.set_bbox({"facecolor": LIGHT["surface"], "edgecolor": "none", "pad": 1.2})


def apart_on_screen(places: Floats, least: float, rounds: int = 60) -> Floats:
    """Places in pixels, pushed away from each other until they are `least` apart.

    Parameters
    ----------
    places : (k, 2).
    """
    moved = places.astype(np.float64)
    for _ in range(rounds):
        settled = True
        for i in range(len(moved)):
            for j in range(i):
                away = moved[i] - moved[j]
                distance = float(np.hypot(*away))
                if distance >= least - 1e-6:
                    continue
                settled = False
                # Two centres in one place part sideways, by their order.
                way = away / distance if distance > 1e-9 else np.array([1.0, 0.0])
                push = way * (least - distance) / 2
                moved[i] += push
                moved[j] -= push
        if settled:
            break
    return moved


def label(text: str, most: int = 42) -> str:
    """An axis label that fits."""
    return short(text, most)
