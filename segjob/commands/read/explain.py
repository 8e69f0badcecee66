"""`segjob explain`: why one customer is in their segment, or why in none."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from segjob.core.segments.explanation import Reason, exclusions
from segjob.core.segments.row_label import row_label_of
from segjob.errors import DataError
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.runs import Record
from segjob.statements import reasons, scoring
from segjob.statements.relation import named, table
from segjob.warehouse.base import Column

_LISTED = 3
"""Keys that an error names as examples."""


@dataclass(frozen=True)
class Explanation:
    """Why a customer is in a segment, by the values of today and the current run's model.

    run : its row of `runs`; profiles : its rows of `profiles`.
    published_segment_id : where the run itself put the customer; None if it did not know them.
    """

    run: Record
    profiles: Sequence[Record]
    key: Any
    segment_id: int
    segment_name: str
    next_segment_id: int | None
    next_segment_name: str | None
    distance: float
    margin: float | None
    is_outlier: bool
    published_segment_id: int | None
    reasons: Sequence[Reason]

    @property
    def algorithm(self) -> str:
        """The run's."""
        return str(self.run["algorithm"] or "kmeans")

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        del own["run"], own["profiles"]
        return {
            "segmentation": self.run["segmentation"],
            "run_id": self.run["run_id"],
            "algorithm": self.algorithm,
            **own,
            "reasons": [dataclasses.asdict(reason) for reason in self.reasons],
        }


def explain(registry: Registry, key: str, segmentation: str | None) -> Explanation:
    """Why a customer is in their segment and not in the runner-up.

    Parameters
    ----------
    key : as typed.

    Raises
    ------
    DataError : there is no such row, there are several, or the model excludes it; the message says why.
    """
    warehouse = registry.warehouse
    with warehouse.reading():
        run = registry.pick_run(segmentation=segmentation)
        published, column = registry.load_model(run), registry.key_column(run)
        typed = _typed(registry, published, column, key)
        live = scoring.scores(published.relation, published.model, published.names)
        scores = warehouse.records(_of_key(live, column, typed))
        if not scores:
            raise _outside(registry, published, column, key, typed)
        if len(scores) > 1:
            raise DataError(
                f"{len(scores):,} rows of {run['relation']} have {column.name} {key}, and a key names one",
                hint="mend the relation: `segjob check` lists repeated keys",
            )
        if scores[0]["segment_id"] is None:
            raise _excluded(registry, published, column, key, typed)
        profiles = registry.table("profiles")
        why = reasons.reasons(published.relation, published.model, profiles, run["run_id"])
        rows = warehouse.records(_of_key(why, column, typed))
        history = registry.history(run["segmentation"], column)
        known = registry.rows(history, history.c.run_id == run["run_id"], history.c[column.name] == typed)
        return Explanation(
            run=run,
            profiles=registry.rows(profiles, profiles.c.run_id == run["run_id"]),
            key=scores[0][column.name],
            segment_id=scores[0]["segment_id"],
            segment_name=scores[0]["segment_name"],
            next_segment_id=scores[0]["next_segment_id"],
            next_segment_name=published.names.get(scores[0]["next_segment_id"]),
            distance=scores[0]["distance"],
            margin=scores[0]["margin"],
            is_outlier=scores[0]["is_outlier"],
            published_segment_id=known[0]["segment_id"] if known else None,
            reasons=_in_order(rows, published, column.name),
        )


def _typed(registry: Registry, published: PublishedModel, column: Column, key: str) -> sa.ColumnElement[Any]:
    """The key as a value of its column.

    Raises
    ------
    DataError : it cannot be one.
    """
    value: sa.ColumnElement[Any] = sa.cast(sa.literal(key, sa.Text()), column.type)
    if column.kind == "number" and not _is_number(key):
        raise _no_row(registry, published, column, key)
    if not registry.warehouse.answers(sa.select(value.label("typed"))):
        raise _no_row(registry, published, column, key)
    return value


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _of_key(select: Any, column: Column, typed: sa.ColumnElement[Any]) -> sa.Select[Any]:
    rows = select.subquery("explained")
    return sa.select(rows).where(rows.c[column.name] == typed)


def _in_order(rows: Sequence[Record], published: PublishedModel, key: str) -> list[Reason]:
    """The reasons in the order of the model's features."""
    order = [part.feature for part in reasons.parts(published.model)]
    names = [field.name for field in dataclasses.fields(Reason)]
    values = [Reason(**{name: row[reasons.column(name, key)] for name in names}) for row in rows]
    return sorted(values, key=lambda reason: order.index(reason.feature))


def _outside(
    registry: Registry, published: PublishedModel, column: Column, key: str, typed: sa.ColumnElement[Any]
) -> DataError:
    """Why there is no row: the run's condition leaves it out, or the relation has none."""
    relation = published.relation
    if relation.where is not None:
        own = table(dataclasses.replace(relation, where=None), [column.name]).c[column.name]
        if registry.warehouse.records(sa.select(own.label("outside")).where(own == typed)):
            return DataError(
                f"{column.name} {key} has no segment in {published.run['segmentation']}: "
                f"it is of the rows where {relation.where}, and this one is not"
            )
    return _no_row(registry, published, column, key)


def _no_row(registry: Registry, published: PublishedModel, column: Column, key: str) -> DataError:
    relation, noun = published.run["relation"], row_label_of(column.name)
    own = table(published.relation, [column.name]).c[column.name]
    some = registry.warehouse.records(sa.select(own.label("example")).order_by(own).limit(_LISTED))
    examples = ", ".join(str(row["example"]) for row in some)
    return DataError(
        f"{relation} has no {noun.one} whose {column.name} ({column.type_name}) is {key!r}",
        hint=f"they are written like {examples}" if examples else "it has no rows",
    )


def _excluded(
    registry: Registry, published: PublishedModel, column: Column, key: str, typed: sa.ColumnElement[Any]
) -> DataError:
    """Why a row that is there has no segment."""
    if (parts := published.model.partitions) is not None:
        own = table(published.relation, [column.name, parts.column])
        text = sa.cast(own.c[parts.column], sa.Text()).label("part")
        value = registry.warehouse.scalar(sa.select(text).where(own.c[named(column.name)] == typed))
        if value not in parts.values:
            return DataError(
                f"{column.name} {key} has no segment in {published.run['segmentation']}: the run has no model for "
                f"{parts.column} {value!r}",
                hint=f"`segjob show {published.run['run_id']}` tells why",
            )
    transforms = published.model.transforms
    numeric = list(dict.fromkeys(t.source_column for t in transforms if t.function != "one_hot"))
    source = table(published.relation, [column.name, *numeric])
    values = [published.relation.number(source.c[name]).label(f"value{i}") for i, name in enumerate(numeric)]
    row = registry.warehouse.records(sa.select(*values).where(source.c[named(column.name)] == typed))[0]
    phrases = exclusions(transforms, _finite(row, numeric))
    return DataError(
        f"{column.name} {key} has no segment in {published.run['segmentation']}: {'; '.join(phrases)}",
        hint="the run leaves such rows out, and counts them in table exclusions. "
        'Impute (missing = "impute") or widen the bounds in segjob.toml, then run again',
    )


def _finite(row: Mapping[str, Any], columns: Sequence[str]) -> dict[str, float | None]:
    values = {name: row[f"value{i}"] for i, name in enumerate(columns)}
    return {
        name: value if value is not None and math.isfinite(value) else None for name, value in values.items()
    }
