"""A published run as data frames, which shows itself in a notebook."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from segjob.api.frames import frame
from segjob.core.number_format import percent
from segjob.core.segments.feature_words import FeatureWords, words_of_run
from segjob.core.segments.row_label import row_label_of
from segjob.core.select_k.structure import headline
from segjob.report.palette import SEGMENTS_LIGHT

if TYPE_CHECKING:
    import pandas as pd

    from segjob.registry.runs import PublishedRun, Record

_TOLD = 3
"""Features that a segment's card shows: those furthest from the mean."""


class Run:
    """One run: its evidence as data frames, with the columns of the tables of the same names.

    Not made by hand: `Connection.run` and `Connection.show` return it.
    """

    def __init__(self, published: PublishedRun, warnings: Sequence[str] = ()) -> None:
        self._published = published
        self.warnings = list(warnings)
        """What a careful analyst would point out; of a run that this session published."""

    @property
    def run_id(self) -> int:
        """Its number."""
        return int(self._published.run["run_id"])

    @property
    def segmentation(self) -> str:
        """The segmentation that it is of."""
        return str(self._published.run["segmentation"])

    @property
    def k(self) -> int | None:
        """How many segments; None for a refused run."""
        k = self._published.run["k"]
        return None if k is None else int(k)

    @property
    def is_current(self) -> bool:
        """Whether it is the run in use, as far as this object knows."""
        return self._published.is_current

    @property
    def info(self) -> Record:
        """Its row of table `runs`."""
        return dict(self._published.run)

    @property
    def segments(self) -> pd.DataFrame:
        """A row per segment: name, rows, share, rule, stability."""
        return frame(self._published.segments)

    @property
    def profile(self) -> pd.DataFrame:
        """A row per segment and feature: mean, quartiles, z."""
        return frame(self._published.profiles)

    @property
    def votes(self) -> pd.DataFrame:
        """A row per k rule: its k and why."""
        return frame(self._published.votes)

    @property
    def sweep(self) -> pd.DataFrame:
        """A row per k that was tried."""
        return frame(self._published.sweep)

    @property
    def exclusions(self) -> pd.DataFrame:
        """A row per reason and column for which rows were left out."""
        return frame(self._published.exclusions, ("run_id", "reason", "column_name", "rows"))

    @property
    def transforms(self) -> pd.DataFrame:
        """A row per coordinate of the model: how it is made from its column."""
        return frame(self._published.transforms)

    def __repr__(self) -> str:
        return f"<segjob.Run {self.run_id} of {self.segmentation}: k = {self.k}>"

    def _repr_html_(self) -> str:
        """The segments' cards in small; every text is escaped."""
        run = self._published.run
        rows = f"{run['rows_segmented']:,} {row_label_of(run['key_column']).of(run['rows_segmented'])}"
        said = f": {headline(run)}" if run["structure"] else ""
        head = f"{self.segmentation}, run {self.run_id}: {self.k} segments of {rows}{said}"
        columns = [str(row["source_column"]) for row in self._published.transforms]
        words = words_of_run(run["config"], columns, self._published.profiles)
        cards = "".join(self._card(row, words) for row in self._published.segments)
        row = '<div style="display:flex;flex-wrap:wrap;gap:8px">'
        return f"<div><p><b>{html.escape(head)}</b></p>{row}{cards}</div></div>"

    def _card(self, segment: Record, words: Mapping[str, FeatureWords]) -> str:
        own = [
            row
            for row in self._published.profiles
            if row["segment_id"] == segment["segment_id"] and row["z"] is not None
        ]
        shares = {str(row["feature"]) for row in self._published.transforms if row["category"] is not None}
        lines = []
        for row in sorted(own, key=lambda row: -abs(row["z"]))[:_TOLD]:
            feature = str(row["feature"])
            mean = percent(row["mean"]) if feature in shares else words[feature].value(row["mean"])
            label = feature if feature in shares else words[feature].label
            lines.append(f"<div>{html.escape(label)}: {html.escape(mean)}</div>")
        colour = SEGMENTS_LIGHT[(int(segment["segment_id"]) - 1) % len(SEGMENTS_LIGHT)]
        title = html.escape(f"{segment['segment_id']}: {segment['name']}")
        size = html.escape(f"{segment['rows']:,} ({percent(segment['share'])})")
        style = f"border-left:4px solid {colour};padding:4px 10px;min-width:160px;font-size:90%"
        return f'<div style="{style}"><b>{title}</b><div>{size}</div>{"".join(lines)}</div>'
