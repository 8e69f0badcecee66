"""What the segments look like: moments and quantiles of the raw values, from the relation, without a join."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, SelectBase

from segjob.core.model import Model
from segjob.core.segments.segment_rules import SegmentRule
from segjob.statements.features import Line, model_rows
from segjob.statements.gaussian import costs, distances
from segjob.statements.nearest import (
    index,
    numbered,
    numbered_columns,
    position_of_least,
    relative,
    with_columns,
)
from segjob.statements.partitions import nearest, rows_of
from segjob.statements.relation import Relation, measured, source
from segjob.statements.segment_rules import holds
from segjob.statements.sql.elements import Item, Number, Quantiles

QUARTILES = (0.25, 0.5, 0.75)
NO_MEASURES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class FeatureProfile:
    """One model feature or measure in one segment, in the column's own units; NaN where no row has a value.

    segment_id is None for all segments together; rows counts those that have a value; stddev is the population's.
    """

    segment_id: int | None
    feature: str
    rows: int
    mean: float
    stddev: float
    minimum: float
    maximum: float


def _segmented(
    relation: Relation, model: Model, measures: Sequence[str], share: float | None = None, seed: int = 0
) -> CTE:
    """The kept rows, with `raw0`, `raw1`, ... (features, then measures) and `segment_id`."""
    if model.partitions is not None:
        p = rows_of(relation, model, keep_raw=True, measures=measures, share=share, seed=seed)
        assigned, _, _ = nearest(p, model)
        values = numbered_columns(assigned, "raw", len(model.transforms) + len(measures))
        return sa.select(assigned.c["segment_id"], assigned.c["place"], *values).cte("assigned")
    scaled = model.gaussians is not None
    p = model_rows(
        relation, model.transforms, scaled=scaled, keep_raw=True, measures=measures, share=share, seed=seed
    )
    if scaled:
        compared = costs(distances(p.x, model), model)
    else:
        compared = relative(p.x, [Line.of(t) for t in model.transforms], model.centroids)
    rows = with_columns(p.rows, "distances", **numbered("cost", compared))
    ids = [index(i) for i in model.segment_ids]
    rows, segment = position_of_least(rows, "cost", lambda _: ids)
    values = numbered_columns(rows, "raw", len(model.transforms) + len(measures))
    return sa.select(segment.label("segment_id"), *values).cte("assigned")


def profiles(
    relation: Relation,
    model: Model,
    rules: Sequence[SegmentRule | None] = (),
    measures: Mapping[str, float] = NO_MEASURES,
) -> SelectBase:
    """How are the raw values spread in each segment? One row per segment that has rows.

    measures : columns that the model does not have, described in the same way; each with a number near its values.

    The values stand as they are in the relation: not imputed, clipped or logged; NULL, NaN and the infinities
    are left out; a one-hot feature is 0 or 1. Row weights are not used. `read_profiles` makes moments of the
    sums, which are taken around a number near them. `all_rows` counts the segment, and `fits0`, `fits1`, ... those of
    its rows that each of the rules holds for; of a model with partitions by slot, each row by the rules of its own.
    """
    rows = _segmented(relation, model, list(measures))
    sums: list[ColumnElement[Any]] = [rows.c["segment_id"]]
    for j, shift in enumerate([*_shifts(model), *measures.values()]):
        value = rows.c[f"raw{j}"]
        away = value - Number(shift) if shift else value
        sums += [
            sa.func.count(value).label(f"rows{j}"),
            sa.func.sum(away, type_=sa.Double()).label(f"first{j}"),
            sa.func.sum(away * away, type_=sa.Double()).label(f"second{j}"),
            sa.func.min(value).label(f"minimum{j}"),
            sa.func.max(value).label(f"maximum{j}"),
        ]
    values = {t.feature: rows.c[f"raw{j}"] for j, t in enumerate(model.transforms)}
    sums.append(sa.func.count().label("all_rows"))
    # Summing a truth as 0 or 1 takes half as long in DuckDB as counting what a CASE lets through.
    sums += [
        sa.func.coalesce(sa.func.sum(sa.cast(fits, sa.Integer())), index(0)).label(f"fits{i}")
        for i, fits in _rules(rows, model, rules, values).items()
    ]
    return sa.select(*sums).group_by(rows.c["segment_id"]).order_by(rows.c["segment_id"])


def _rules(
    rows: CTE,
    model: Model,
    rules: Sequence[SegmentRule | None],
    values: Mapping[str, ColumnElement[Any]],
) -> dict[int, ColumnElement[bool]]:
    """Which rows each rule holds for, by place of the segment, or by slot."""
    if model.partitions is None or not rules:
        return {i: holds(rule, values) for i, rule in enumerate(rules) if rule is not None}
    by_slot: dict[int, list[tuple[ColumnElement[Any], ColumnElement[bool]]]] = {}
    for position in range(len(model.partitions.values)):
        for slot, place in enumerate(model.partitions.segments_of(position)):
            if (rule := rules[place]) is not None:
                by_slot.setdefault(slot, []).append((index(position), holds(rule, values)))
    return {slot: sa.case(*held, value=rows.c["place"]) for slot, held in by_slot.items()}


def _shifts(model: Model) -> list[float]:
    """A number near each feature's raw values: the center, or the centroids' mean where scaling has left it at 0."""
    means = model.centroids.mean(axis=0)
    return [
        float(t.to_original(np.array(0.0 if t.center or t.function == "one_hot" else mean)))
        for t, mean in zip(model.transforms, means, strict=True)
    ]


def profile_quantiles(
    relation: Relation,
    model: Model,
    *,
    share: float = 1.0,
    seed: int = 0,
    qs: Sequence[float] = QUARTILES,
    overall: bool = False,
    measures: Sequence[str] = (),
) -> SelectBase:
    """What are the quantiles of the raw values in each segment?

    Columns: `segment_id`, `quantile0_0`, `quantile0_1`, ... (feature, then measure; quantile). Exact over all rows, or
    below a share of 1 over those that a hash of the key samples. NULL where a segment has no value among them.
    With `overall`, one row for all segments together instead, segment_id NULL.
    """
    rows = _segmented(relation, model, measures, share if share < 1.0 else None, seed)
    d = range(len(model.transforms) + len(measures))
    arrays = [Quantiles(rows.c[f"raw{j}"], qs).label(f"quantiles{j}") for j in d]
    if overall:
        array_rows = sa.select(sa.cast(sa.null(), sa.Integer()).label("segment_id"), *arrays).cte(
            "quantile_arrays"
        )
    else:
        grouped = sa.select(rows.c["segment_id"], *arrays).group_by(rows.c["segment_id"])
        array_rows = grouped.cte("quantile_arrays")
    items = [
        Item(array_rows.c[f"quantiles{j}"], q + 1).label(f"quantile{j}_{q}")
        for j in d
        for q in range(len(qs))
    ]
    return sa.select(array_rows.c["segment_id"], *items).order_by(array_rows.c["segment_id"])


def measure_counts(relation: Relation, measures: Sequence[str]) -> SelectBase:
    """Can these columns be summed? One row: `rows`, and by measure `present0` (not NULL), `usable0` and `mean0`."""
    rows = source(relation, measures, ()).numbers
    columns: list[ColumnElement[Any]] = [sa.func.count().label("rows")]
    for i, name in enumerate(measures):
        usable = measured(rows[name])
        columns += [
            sa.func.count(rows[name]).label(f"present{i}"),
            sa.func.count(usable).label(f"usable{i}"),
            sa.func.avg(usable, type_=sa.Double()).label(f"mean{i}"),
        ]
    return sa.select(*columns)


def read_profiles(
    rows: Iterable[Mapping[str, Any]], model: Model, measures: Mapping[str, float] = NO_MEASURES
) -> list[FeatureProfile]:
    """The rows that `profiles` answered as values: every segment's, then those of all segments together."""
    shifts = [*_shifts(model), *measures.values()]
    sums: dict[int | None, list[_Sums]] = {}
    everything = [_Sums() for _ in shifts]
    for row in rows:
        mine = [_Sums.read(row, j) for j in range(len(shifts))]
        sums[int(row["segment_id"])] = mine
        everything = [a.plus(b) for a, b in zip(everything, mine, strict=True)]
    sums[None] = everything
    names = [*(t.feature for t in model.transforms), *measures]
    return [
        s.profile(segment, name, shift)
        for segment, of_segment in sums.items()
        for s, name, shift in zip(of_segment, names, shifts, strict=True)
    ]


@dataclass(frozen=True)
class _Sums:
    """Sums of a value's distances from a shift; they add up over segments."""

    rows: int = 0
    first: float = 0.0
    second: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf

    @classmethod
    def read(cls, row: Mapping[str, Any], j: int) -> _Sums:
        if not row[f"rows{j}"]:
            return cls()
        values = (float(row[f"{name}{j}"]) for name in ("first", "second", "minimum", "maximum"))
        return cls(int(row[f"rows{j}"]), *values)

    def plus(self, other: _Sums) -> _Sums:
        return _Sums(
            self.rows + other.rows,
            self.first + other.first,
            self.second + other.second,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
        )

    def profile(self, segment: int | None, feature: str, shift: float) -> FeatureProfile:
        if not self.rows:
            return FeatureProfile(segment, feature, 0, *[math.nan] * 4)
        offset = self.first / self.rows
        variance = max(self.second / self.rows - offset * offset, 0.0)
        if self.minimum == self.maximum:
            return FeatureProfile(segment, feature, self.rows, self.minimum, 0.0, self.minimum, self.maximum)
        return FeatureProfile(
            segment, feature, self.rows, shift + offset, math.sqrt(variance), self.minimum, self.maximum
        )
