"""Everything that a report shows, as plain values: what the figures draw and what the page embeds.

Whoever reads the warehouse fills these; nothing in `report` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

import numpy as np

from segjob.core.model import Floats, Transform
from segjob.core.segments.feature_words import FeatureWords, measures_of_run, words_of_run
from segjob.core.segments.row_label import RowLabel, row_label_of

MOST_POINTS = 2_000
"""Rows sampled for the maps, from all segments together: a page with them has about a megabyte."""


@dataclass(frozen=True)
class SegmentRow:
    """A row of table `segments`; `outliers` and `near_border` are counted in the history, None where that is gone."""

    segment_id: int
    name: str
    named_by: str
    description: str | None
    rows: int
    share: float
    silhouette: float | None
    rule: str | None
    rule_precision: float | None
    rule_recall: float | None
    action: str | None
    stability: float | None = None
    outliers: int | None = None
    near_border: int | None = None


@dataclass(frozen=True)
class ProfileRow:
    """A row of table `profiles`."""

    segment_id: int
    feature: str
    rows: int
    mean: float | None
    stddev: float | None
    minimum: float | None
    p25: float | None
    median: float | None
    p75: float | None
    maximum: float | None
    overall_mean: float | None
    z: float | None
    is_feature: bool | None = None
    total_share: float | None = None


@dataclass(frozen=True)
class SweepRow:
    """A row of table `sweeps`: the measures of one number of segments."""

    k: int
    inertia: float
    silhouette: float | None
    davies_bouldin: float | None
    calinski_harabasz: float | None
    gap: float | None
    gap_se: float | None
    stability: float | None
    is_chosen: bool
    segment_stability: float | None = None
    explained_variance: float | None = None


@dataclass(frozen=True)
class VoteRow:
    """A row of table `k_votes`."""

    rule: str
    k: int | None
    reason: str


@dataclass(frozen=True)
class ExclusionRow:
    """A row of table `exclusions`."""

    reason: str
    column_name: str
    rows: int


@dataclass(frozen=True)
class Sample:
    """The rows that stand for the others in the maps; n of them, without their keys.

    segment_id : (n,); scaled : (n, d) coordinates; weight : (n,) how many rows each stands for;
    is_outlier : (n,); silhouette : (n,), NaN where there is one segment only.
    """

    segment_id: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    scaled: Floats
    weight: Floats
    is_outlier: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    silhouette: Floats


@dataclass(frozen=True)
class Centroids:
    """Rows of table `centroids`, (k, d) in the order of segments and transforms."""

    value: Floats
    scaled: Floats


@dataclass(frozen=True)
class Distribution:
    """One numeric column of the relation today, counted in equal bins.

    edges : (b + 1,) in the column's own unit; the first and last bin also count what is beyond them.
    groups : names, or ("everyone",); counts : one row of b counts per group.
    """

    column: str
    function: Literal["identity", "log1p"]
    edges: Sequence[float]
    groups: Sequence[str]
    counts: Sequence[Sequence[int]]
    missing: int
    non_finite: int
    minimum: float | None
    maximum: float | None
    mean: float | None


@dataclass(frozen=True)
class Categories:
    """One text column of the relation today: its largest categories and their rows."""

    column: str
    names: Sequence[str]
    rows: Sequence[int]
    is_complete: bool


@dataclass(frozen=True)
class InputData:
    """What the relation holds today. `correlation` is (m, m) for the m `columns`, None where it is not defined."""

    rows: int
    columns: Sequence[str]
    distributions: Sequence[Distribution]
    categories: Sequence[Categories]
    grouped_by: str | None
    correlation: Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class SegmentSize:
    """How large a segment was in a run. as_of : the moment that its rows stand for."""

    run_id: int
    as_of: datetime
    segment_id: int
    name: str
    rows: int
    share: float


@dataclass(frozen=True)
class Flow:
    """A row of view `migration`: customers who went from one segment to another between two runs."""

    from_run_id: int
    run_id: int
    from_segment_id: int | None
    to_segment_id: int | None
    customers: int


@dataclass(frozen=True)
class ComparisonRow:
    """A row of table `comparisons`.

    cluster : of each sampled row, numbered like the segment it is most alike, None for noise; empty where no rows
    were kept.
    """

    algorithm: str
    clusters: int | None
    noise_share: float | None
    silhouette: float | None
    davies_bouldin: float | None
    agreement: float | None
    cluster: Sequence[int | None] = ()


@dataclass(frozen=True)
class Comparisons:
    """The published segments first, then the other algorithms by agreement.

    scaled : feature -> (n,) coordinates of the sampled rows, in scaled units; empty where no rows were kept.
    """

    rows: Sequence[ComparisonRow] = ()
    scaled: Mapping[str, Sequence[float]] = field(default_factory=dict)
    advice: str | None = None


@dataclass(frozen=True)
class Report:
    """One run, its sampled rows and its relation today. Sequences are in the order to show them.

    run : the row of table `runs`. sample and input_data are None where history or relation are gone.
    """

    run: Mapping[str, Any]
    schema: str
    transforms: Sequence[Transform]
    segments: Sequence[SegmentRow]
    profiles: Sequence[ProfileRow]
    centroids: Centroids
    sweep: Sequence[SweepRow]
    votes: Sequence[VoteRow]
    exclusions: Sequence[ExclusionRow]
    sample: Sample | None
    input_data: InputData | None
    sizes: Sequence[SegmentSize]
    flows: Sequence[Flow]
    comparisons: Comparisons

    @cached_property
    def noun(self) -> RowLabel:
        """What a row is: the key says so."""
        return row_label_of(str(self.run["key_column"]))

    @cached_property
    def title(self) -> str:
        """The segmentation, and the value of its column of partitions that this is about."""
        name, value = str(self.run["segmentation"]), self.run.get("partition")
        return name if value is None else f"{name}: {value}"

    @cached_property
    def names(self) -> dict[int, str]:
        """Segment -> name; earlier segments by the last name they had."""
        earlier = {size.segment_id: size.name for size in self.sizes}
        return earlier | {segment.segment_id: segment.name for segment in self.segments}

    @cached_property
    def words(self) -> dict[str, FeatureWords]:
        """Source column -> what it is called, and how its values read."""
        columns = (*(transform.source_column for transform in self.transforms), *self.measures)
        return words_of_run(self.run["config"], columns, map(vars, self.profiles))

    @cached_property
    def measures(self) -> list[str]:
        """Columns that describe the segments, in the config's order; some may be features too."""
        return measures_of_run(self.run["config"])

    @cached_property
    def numeric(self) -> list[int]:
        """Positions of the transforms that are numbers, not categories."""
        return [j for j, transform in enumerate(self.transforms) if transform.function != "one_hot"]

    @cached_property
    def profile(self) -> dict[tuple[int, str], ProfileRow]:
        """(segment, feature) -> its profile."""
        return {(p.segment_id, p.feature): p for p in self.profiles}

    def of_segment(self, values: Floats, segment_id: int) -> Floats:
        """The sampled rows of one segment, of any array by row."""
        assert self.sample is not None
        own: Floats = values[self.sample.segment_id == segment_id]
        return own

    @cached_property
    def original(self) -> Floats:
        """(n, d) the sample in the columns' own units, as the model sees it: imputed and clipped."""
        assert self.sample is not None
        scaled = self.sample.scaled
        columns = [t.to_original(scaled[:, j]) for j, t in enumerate(self.transforms)]
        return np.column_stack(columns) if columns else np.empty((len(scaled), 0))
