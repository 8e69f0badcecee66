"""A model per value of a column, in one scan: each row is joined to the numbers of its own model.

What `Number`s are in the statements of a single model, are columns here: `center0`, `factor0`, ... by feature, and by
slot `segment0`, `limit0`, `c0_0`, ... A value with fewer segments than others leaves its last slots empty.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, SelectBase

from segjob.core.model import Model, Partitions, Transform
from segjob.statements.features import ModelRows, inclusion_conditions, model_rows, value_of
from segjob.statements.nearest import (
    by_name,
    index,
    numbered,
    numbered_columns,
    position_of_least,
    total,
    with_columns,
)
from segjob.statements.relation import Relation, finite, is_finite, measured, sampling_key, source
from segjob.statements.sql.elements import Number

_NOWHERE = 1e100
"""Coordinates of an empty slot: no row is so far from a segment, and the square of this is still a number."""


def rows_of(
    relation: Relation,
    model: Model,
    *,
    keep_excluded: bool = False,
    keep_raw: bool = False,
    measures: Sequence[str] = (),
    share: float | None = None,
    seed: int = 0,
) -> ModelRows:
    """Where does each row stand in its model's space? `features.model_rows`, for a model with partitions or without."""
    if model.partitions is None:
        return model_rows(
            relation,
            model.transforms,
            keep_excluded=keep_excluded,
            keep_raw=keep_raw,
            measures=measures,
            share=share,
            seed=seed,
        )
    joined = Joined.of(relation, model, measures, keep_all=keep_excluded)
    columns, x, conditions = joined.kept(), joined.coordinates(), joined.conditions()
    if keep_excluded:
        x[0] = sa.case((sa.and_(*conditions), x[0]))
    columns += [value.label(name) for name, value in numbered("x", x).items()]
    if keep_raw:
        raw = [finite(joined.columns[t.source_column]) for t in joined.transforms]
        raw += [measured(joined.columns[column]) for column in measures]
        columns += [value.label(name) for name, value in numbered("raw", raw).items()]
    statement = sa.select(*columns).select_from(joined.rows)
    if not keep_excluded:
        statement = statement.where(*conditions)
    if share is not None:
        statement = statement.where(sampling_key(joined.key, seed) < Number(share))
    return joined.model_rows(statement.cte("scaled"), len(x))


@dataclasses.dataclass(frozen=True)
class Joined:
    """The source rows beside the numbers of their own model.

    rows : both, as a FROM; key, weight, columns : of the source.
    transforms : with the stand-ins for missing values taken out, because `numbers` have them.
    """

    rows: Any
    key: ColumnElement[Any]
    weight: ColumnElement[float] | None
    part: ColumnElement[Any]
    columns: Mapping[str, ColumnElement[float]]
    numbers: Mapping[str, ColumnElement[float]]
    transforms: Sequence[Transform]
    parameters: CTE

    @classmethod
    def of(
        cls,
        relation: Relation,
        model: Model,
        measures: Sequence[str] = (),
        *,
        keep_all: bool = False,
        more: Mapping[str, Sequence[ColumnElement[Any]]] | None = None,
    ) -> Joined:
        """The join. keep_all : rows without a model too; more : columns by name, with a value for each partition."""
        read = source(relation, [*(t.source_column for t in model.transforms), *measures], [])
        chosen = parameters(model, more or {})
        rows = read.rows.join(chosen, read.rows.c["part"] == chosen.c["part"], isouter=keep_all)
        numbers = dict(read.numbers)
        for j, transform in enumerate(model.transforms):
            if transform.impute_value is not None:
                value = numbers[transform.source_column]
                numbers[transform.source_column] = sa.case(
                    (is_finite(value), value), else_=chosen.c[f"impute{j}"]
                )
        plain = [dataclasses.replace(transform, impute_value=None) for transform in model.transforms]
        part = read.rows.c["part"]
        return cls(rows, read.key, read.weight, part, read.numbers, numbers, plain, chosen)

    def kept(self) -> list[ColumnElement[Any]]:
        """Key, row weight, partition, and the model's numbers by slot."""
        columns = [self.key.label("row_key"), self.part.label("part")]
        if self.weight is not None:
            columns.append(self.weight.label("row_weight"))
        own = [c for c in self.parameters.c if not c.name.startswith(("part", "impute", "center", "factor"))]
        return [*columns, *own]

    def coordinates(self) -> list[ColumnElement[float]]:
        """The coordinates by feature; not defined where the row is excluded."""
        c, numbers = self.parameters.c, dict(self.numbers)
        return [
            (value_of(transform, numbers, {}) - c[f"center{j}"]) * c[f"factor{j}"]
            for j, transform in enumerate(self.transforms)
        ]

    def conditions(self) -> list[ColumnElement[bool]]:
        """All of which hold for a row that its model can score."""
        return inclusion_conditions(self.transforms, dict(self.numbers))

    def model_rows(self, rows: CTE, d: int) -> ModelRows:
        """A step with x0, ... as the rows of a model."""
        weight = None if self.weight is None else rows.c["row_weight"]
        return ModelRows(rows, rows.c["row_key"], weight, numbered_columns(rows, "x", d))


def slots(model: Model) -> int:
    """The most segments of any partition."""
    assert model.partitions is not None
    parts = range(len(model.partitions.values))
    return max((len(model.partitions.segments_of(position)) for position in parts), default=0)


def parameters(model: Model, more: Mapping[str, Sequence[ColumnElement[Any]]]) -> CTE:
    """The numbers of each partition's model, one row each: `part`, `place` and those of the module's docstring."""
    assert model.partitions is not None
    width = slots(model)
    rows = []
    for position, value in enumerate(model.partitions.values):
        row: dict[str, ColumnElement[Any]] = {
            "part": sa.literal(value, sa.Text()),
            "place": index(position),
            **{name: values[position] for name, values in more.items()},
            **_of_features(model.partitions.transforms[position]),
            **_of_slots(model.of_partition(position), width),
        }
        rows.append(row)
    listed = sa.values(*(sa.column(name, cell.type) for name, cell in rows[0].items()), name="listed")
    return sa.select(listed.data([tuple(row.values()) for row in rows])).cte("parameters")


def _of_features(transforms: Sequence[Transform]) -> dict[str, ColumnElement[Any]]:
    row: dict[str, ColumnElement[Any]] = {}
    for j, transform in enumerate(transforms):
        if transform.impute_value is not None:
            row[f"impute{j}"] = Number(transform.impute_value)
        row[f"center{j}"] = Number(transform.center)
        row[f"factor{j}"] = Number(transform.weight / transform.scale)
    return row


def _of_slots(model: Model, width: int) -> dict[str, ColumnElement[Any]]:
    row: dict[str, ColumnElement[Any]] = {}
    for i in range(width):
        is_taken = i < len(model.segment_ids)
        row[f"segment{i}"] = index(model.segment_ids[i]) if is_taken else sa.cast(sa.null(), sa.Integer())
        row[f"limit{i}"] = Number(float(model.outlier_distance[i]) if is_taken else 0.0)
        centroid = model.centroids[i].tolist() if is_taken else [_NOWHERE] * len(model.transforms)
        row |= {f"c{i}_{j}": Number(value) for j, value in enumerate(centroid)}
    return row


def ids(rows: CTE, model: Model) -> list[ColumnElement[Any]]:
    """The numbers of the segments that compete for a row: written into the statement, or those of its own model."""
    if model.partitions is None:
        return [index(i) for i in model.segment_ids]
    return numbered_columns(rows, "segment", slots(model))


def squared_distances(rows: CTE, model: Model) -> list[ColumnElement[float]]:
    """By slot, from the centroids of the row's own model."""
    d = range(len(model.transforms))
    away = [[rows.c[f"x{j}"] - rows.c[f"c{i}_{j}"] for j in d] for i in range(slots(model))]
    return [total([value * value for value in of_slot]) for of_slot in away]


def nearest(p: ModelRows, model: Model) -> tuple[CTE, ColumnElement[Any], ColumnElement[float]]:
    """The rows with their distances, the number of their nearest segment, and the squared distance from it."""
    rows = with_columns(p.rows, "distances", **numbered("squared", squared_distances(p.rows, model)))
    rows, segment = position_of_least(rows, "squared", lambda rows: ids(rows, model))
    rows = with_columns(rows, "nearest", segment_id=segment)
    own = rows.c["segment_id"]
    return rows, own, by_name(own, ids(rows, model), numbered_columns(rows, "squared", slots(model)))


def fit_rows(relation: Relation, model: Model, shares: Sequence[float], seed: int) -> SelectBase:
    """Which rows does a sample hold? `place` (of the partition), `x0`, ..., `weight`, `chance`; in no order.

    Parameters
    ----------
    model : without segments.
    shares : of each partition's rows, by a hash of the key, which is `chance`; 1 for all.
    """
    joined = Joined.of(relation, model, more={"share": [Number(share) for share in shares]})
    chance = sampling_key(joined.key, seed)
    weight = joined.weight if joined.weight is not None else Number(1.0)
    columns = [value.label(name) for name, value in numbered("x", joined.coordinates()).items()]
    rows = sa.select(
        joined.parameters.c["place"], *columns, weight.label("weight"), chance.label("chance")
    ).select_from(joined.rows)
    drawn = sa.or_(joined.parameters.c["share"] >= Number(1.0), chance < joined.parameters.c["share"])
    return rows.where(*joined.conditions(), drawn)


def lloyd_pass(relation: Relation, model: Model) -> SelectBase:
    """Where would each centroid move? One pass over all rows of all partitions that the model has.

    One row per segment that has rows: `segment_id`, `rows`, `weight`, `sum0`, ..., `squared`, `distance`, as those of
    `passes.lloyd_pass`.
    """
    p = rows_of(relation, model)
    rows, own, square = nearest(p, model)
    weight = rows.c["row_weight"] if p.weight is not None else None
    rows = with_columns(rows, "measured", own_squared=square)

    def summed(value: ColumnElement[float]) -> ColumnElement[float]:
        return sa.func.sum(value if weight is None else value * rows.c["row_weight"], type_=sa.Double())

    own = rows.c["segment_id"]
    counted = sa.func.count()
    heaviness = (
        sa.cast(counted, sa.Double())
        if weight is None
        else sa.func.sum(rows.c["row_weight"], type_=sa.Double())
    )
    root: ColumnElement[float] = sa.func.sqrt(rows.c["own_squared"], type_=sa.Double())
    sums = {
        **{f"sum{j}": summed(rows.c[f"x{j}"]) for j in range(len(model.transforms))},
        "squared": summed(rows.c["own_squared"]),
        "distance": summed(root),
    }
    columns = [value.label(name) for name, value in sums.items()]
    return sa.select(own, counted.label("rows"), heaviness.label("weight"), *columns).group_by(own)


def of_part(partitions: Partitions, part: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[Any]:
    """The value that belongs to a row's partition; NULL where it is none of them."""
    pairs = [
        (sa.literal(name, sa.Text()), value) for name, value in zip(partitions.values, values, strict=True)
    ]
    return sa.case(*pairs, value=part)
