"""Why is a customer in this segment and not in the next? The select of the view `<s>_reasons`."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import CTE, SelectBase

from segjob.core.model import Floats, Model, Transform
from segjob.statements.features import (
    ModelRows,
    coordinate,
    in_units,
    inclusion_conditions,
    source_of,
)
from segjob.statements.gaussian import whitened
from segjob.statements.nearest import by_name, index, numbered, numbered_columns, squared, total
from segjob.statements.partitions import Joined, ids
from segjob.statements.relation import Relation, Source, finite, named
from segjob.statements.scoring import scored_rows
from segjob.statements.sql.elements import Number

SIZE = "(size)"
"""The row of a mixture that says how much more common the own segment is than the runner-up."""
_INDEPENDENT = 1e-12
"""A correlation below it is none: it is what is left of a zero after rounding."""


@dataclass(frozen=True)
class Part:
    """One row of a customer's reasons.

    feature : its name in the view.
    positions : of the transforms that it stands for.
    kind : a numeric or categorical source column, of that name; or what columns contribute together.
    splits : whether it has a contribution of its own.
    """

    feature: str
    positions: tuple[int, ...]
    kind: Literal["numeric", "categorical", "together"] = "together"
    splits: bool = True


def parts(model: Model) -> list[Part]:
    """A row per source column; of a mixture also one per set of columns that vary together, and one for `SIZE`.

    The log density of a mixture is a sum over features only where they vary independently within the segments. Columns
    that do not have no contribution of their own, and what they contribute together stands in a row of its own.
    """
    columns = [_part_of(model.transforms, name) for name in source_columns(model)]
    if model.gaussians is None:
        return columns
    blocks = _blocks(columns, model.gaussians.covariances)
    single = {block[0].feature for block in blocks if len(block) == 1}
    rows = [dataclasses.replace(part, splits=part.feature in single) for part in columns]
    joint = [
        Part(" + ".join(part.feature for part in block), tuple(j for part in block for j in part.positions))
        for block in blocks
        if len(block) > 1
    ]
    return [*rows, *joint, Part(SIZE, ())]


def source_columns(model: Model) -> list[str]:
    """The columns of the relation that the model is made of, in its order."""
    return list(dict.fromkeys(t.source_column for t in model.transforms))


def _part_of(transforms: Sequence[Transform], name: str) -> Part:
    own = [(j, t.function) for j, t in enumerate(transforms) if t.source_column == name]
    return Part(name, tuple(j for j, _ in own), "categorical" if own[0][1] == "one_hot" else "numeric")


def _blocks(columns: Sequence[Part], covariances: Floats) -> list[list[Part]]:
    """The columns in sets that do not covary with each other in any segment."""
    import numpy as np

    deviations = np.sqrt(np.einsum("kii->ki", covariances))
    correlations = np.abs(covariances / (deviations[:, :, None] * deviations[:, None, :])).max(axis=0)
    blocks: list[list[Part]] = []
    for part in columns:
        linked = [
            block
            for block in blocks
            if (correlations[np.ix_(part.positions, _places(block))] > _INDEPENDENT).any()
        ]
        joined = [other for block in linked for other in block]
        blocks = [*(block for block in blocks if block not in linked), [*joined, part]]
    return blocks


def _places(block: Sequence[Part]) -> list[int]:
    return [j for part in block for j in part.positions]


def column(name: str, key: str) -> str:
    """What the view calls a column of its own: the key keeps its name."""
    return f"reason_{name}" if name.lower() == key.lower() else name


def reasons(relation: Relation, model: Model, profiles: sa.Table, run_id: int) -> SelectBase:
    """How much does each feature speak for the own segment of a row, and against the runner-up?

    One row per row of the relation that has a segment, and entry of `parts`: the key, segment_id, next_segment_id,
    feature, value (as it stands in the relation; 1 for a category), category, model_value (imputed and clipped),
    segment_mean and next_mean (of table `profiles`; the share of the category), contribution: the squared scaled
    distance from the runner-up's centroid less that from the own, in this feature. The contributions of a row sum to
    the difference of its two squared distances; those of a mixture to the log odds of the two segments, which is its
    margin. For k = 1 there is no runner-up and no contribution. Compile it with `literal_binds`.

    Parameters
    ----------
    profiles : the published table; run_id : the model's run.
    """
    shown = parts(model)
    rows, scored = scored_rows(_values(relation, model), model, nullable=True)
    shown_values = numbered_columns(rows, "raw", len(source_columns(model)))
    shown_values += numbered_columns(rows, "used", len(source_columns(model)))
    shown_values += [rows.c[name] for name in rows.c.keys() if name.startswith("category")]  # noqa: SIM118
    measured = sa.select(
        rows.c["row_key"],
        scored["segment_id"].label("segment_id"),
        scored["next_segment_id"].label("next_segment_id"),
        *shown_values,
        *(c.label(name) for name, c in numbered("gain", _gains(rows, scored, model, shown)).items()),
    )
    return _each_part(relation.key, measured.cte("contributions"), shown, profiles, run_id)


def _values(relation: Relation, model: Model) -> ModelRows:
    """The rows as the model sees them, with the `raw`, `used` and `category` value of each source column."""
    if model.partitions is not None:
        return _values_by_partition(relation, model)
    source = source_of(relation, model.transforms)
    columns: list[ColumnElement[Any]] = [source.key.label("row_key")]
    x = [coordinate(t, source.numbers, source.texts) for t in model.transforms]
    if conditions := inclusion_conditions(model.transforms, source.numbers):
        x[0] = sa.case((sa.and_(*conditions), x[0]))
    columns += [value.label(f"x{j}") for j, value in enumerate(x)]
    for i, name in enumerate(source_columns(model)):
        transform = next(t for t in model.transforms if t.source_column == name)
        columns += _shown(transform, source, i)
    rows = sa.select(*columns).cte("scaled")
    return ModelRows(rows, rows.c["row_key"], None, numbered_columns(rows, "x", len(x)))


def _values_by_partition(relation: Relation, model: Model) -> ModelRows:
    """The same, each row by the model of its own partition."""
    joined = Joined.of(relation, model)
    columns, x = joined.kept(), joined.coordinates()
    if conditions := joined.conditions():
        x[0] = sa.case((sa.and_(*conditions), x[0]))
    columns += [value.label(f"x{j}") for j, value in enumerate(x)]
    for i, transform in enumerate(joined.transforms):
        name = transform.source_column
        columns.append(finite(joined.columns[name]).label(f"raw{i}"))
        columns.append(in_units(finite(joined.numbers[name]), transform).label(f"used{i}"))
    rows = sa.select(*columns).select_from(joined.rows).cte("scaled")
    return joined.model_rows(rows, len(x))


def _shown(transform: Transform, source: Source, i: int) -> list[ColumnElement[Any]]:
    if transform.function == "one_hot":
        category = source.texts[transform.source_column]
        return [
            Number(1.0).label(f"raw{i}"),
            Number(1.0).label(f"used{i}"),
            category.label(f"category{i}"),
        ]
    value = finite(source.numbers[transform.source_column])
    return [value.label(f"raw{i}"), in_units(value, transform).label(f"used{i}")]


def _gains(
    rows: CTE, scored: Mapping[str, ColumnElement[Any]], model: Model, shown: Sequence[Part]
) -> list[ColumnElement[Any]]:
    """The contribution of each part, NULL where it has none."""
    names = ids(rows, model)
    own, following = scored["segment_id"], scored["next_segment_id"]
    nothing: ColumnElement[Any] = sa.cast(sa.null(), sa.Double())
    if len(names) == 1:
        return [nothing for _ in shown]

    def gain(costs: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
        return by_name(following, names, costs, nullable=True) - by_name(own, names, costs, nullable=True)

    x = numbered_columns(rows, "x", len(model.transforms))
    if model.partitions is not None:
        away = [[x[j] - rows.c[f"c{i}_{j}"] for i in range(len(names))] for j in range(len(x))]
        return [gain([value * value for value in of_slots]) for of_slots in away]
    return [gain(_costs(x, model, part)) if part.splits else nothing for part in shown]


def _costs(x: Sequence[ColumnElement[Any]], model: Model, part: Part) -> list[ColumnElement[Any]]:
    """By segment: the part's squared distance; of a mixture half of it, and the logarithms that belong to it."""
    here = list(part.positions)
    if model.gaussians is None:
        return [squared([x[j] for j in here], centroid[here]) for centroid in model.centroids]
    shape = model.gaussians
    if not here:
        return [Number(-math.log(share)) for share in shape.shares.tolist()]
    import numpy as np

    logs = np.log(np.einsum("kii->ki", np.linalg.cholesky(shape.covariances)))[:, here].sum(axis=1)
    axes = [whitened(x, c, w[here]) for c, w in zip(model.centroids, shape.whiteners, strict=True)]
    return [
        total([axis * axis for axis in own]) * Number(0.5) + Number(log)
        for own, log in zip(axes, logs.tolist(), strict=True)
    ]


def _each_part(key: str, measured: CTE, shown: Sequence[Part], profiles: sa.Table, run_id: int) -> SelectBase:
    """Each row once per part, with the means of both segments."""
    features = _features(shown)

    def by_part(prefix: str) -> ColumnElement[Any]:
        held = [
            (index(i), measured.c[f"{prefix}{i}"]) for i in range(len(shown)) if f"{prefix}{i}" in measured.c
        ]
        return sa.case(*held, value=features.c["place"]) if held else sa.cast(sa.null(), sa.Text())

    category = by_part("category")
    profile = sa.func.coalesce(
        features.c["profile"], features.c["feature"] + sa.literal("=", sa.Text()) + category
    )
    own, following = profiles.alias("own_profiles"), profiles.alias("next_profiles")
    joined = measured.join(features, sa.true())
    for side, segment in ((own, "segment_id"), (following, "next_segment_id")):
        same = (
            side.c.run_id == index(run_id),
            side.c.segment_id == measured.c[segment],
            side.c.feature == profile,
        )
        joined = joined.outerjoin(side, sa.and_(*same))
    columns = {
        "feature": features.c["feature"],
        "value": by_part("raw"),
        "category": category,
        "model_value": by_part("used"),
        "segment_mean": own.c.mean,
        "next_mean": following.c.mean,
        "contribution": by_part("gain"),
    }
    return (
        sa.select(
            measured.c["row_key"].label(named(key)),
            measured.c["segment_id"],
            measured.c["next_segment_id"],
            *(value.label(column(name, key)) for name, value in columns.items()),
        )
        .select_from(joined)
        .where(measured.c["segment_id"].is_not(None))
    )


def _features(shown: Sequence[Part]) -> CTE:
    """The names of the parts: `place`, `feature`, `profile` (of a numeric one, the feature's name in `profiles`)."""
    selects = [
        sa.select(
            index(i).label("place"),
            sa.cast(sa.literal(part.feature, sa.Text()), sa.Text()).label("feature"),
            sa.cast(
                sa.literal(part.feature, sa.Text()) if part.kind == "numeric" else sa.null(), sa.Text()
            ).label("profile"),
        )
        for i, part in enumerate(shown)
    ]
    return (sa.union_all(*selects) if len(selects) > 1 else selects[0]).cte("features")
