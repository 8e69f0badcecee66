"""What keeps rows from being segmented: keys, row weights and values, each with examples and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from segjob.config import Feature
from segjob.errors import DataError, SegjobError
from segjob.statements import measures, unique_keys
from segjob.statements.measures import Measured, Moments
from segjob.statements.relation import Relation
from segjob.warehouse.base import Column, Warehouse

FEW_ROWS = 200_000
"""Below this, counting every key costs less than looking for a shorter way."""
_HEAVIEST = 1e15
"""Row weights that add up to this, or to one part in it, would drown in rounding."""


def key_problems(
    warehouse: Warehouse, relation: Relation, measured: Measured, key: Column, where: str
) -> list[SegjobError]:
    """What is wrong with the keys. where : the relation as the user named it."""
    if measured.null_keys:
        return [
            DataError(
                f"key {relation.key!r} of {where} is null in {_rows(measured.null_keys)}",
                hint="every row needs a key; filter the rows without one in the feature view",
            )
        ]
    repeated = repeated_keys(warehouse, relation, key, measured.rows)
    if not repeated:
        return []
    examples = ", ".join(f"{row['row_key']!r} ({row['rows']} times)" for row in repeated)
    return [
        DataError(
            f"key {relation.key!r} of {where} is not unique, such as {examples}",
            hint="one row per key: deduplicate in the feature view",
        )
    ]


def repeated_keys(
    warehouse: Warehouse, relation: Relation, key: Column, rows: int
) -> list[dict[str, object]]:
    """Up to three keys that stand more than once, with their rows; empty if every key is unique.

    Parameters
    ----------
    key : its column in the catalogue.
    rows : of the relation; none of its keys is null.
    """
    if rows >= FEW_ROWS and _keys_are_unique(warehouse, relation, key, rows):
        return []
    return warehouse.records(measures.repeated_keys(relation))


def _keys_are_unique(warehouse: Warehouse, relation: Relation, key: Column, rows: int) -> bool:
    """Whether a scan or two prove that all keys differ, the cheapest way first; False proves nothing."""
    if not warehouse.reads_in_order:
        return key.is_whole and bool(warehouse.scalar(unique_keys.distinct_whole_keys(relation)) == rows)
    if warehouse.scalar(unique_keys.keys_out_of_order(relation)) == 0:
        return True
    limits = warehouse.records(unique_keys.key_range(relation))[0]
    if not unique_keys.is_dense(limits["low"], limits["high"], rows):
        return False
    return bool(warehouse.scalar(unique_keys.distinct_keys(relation, limits["low"], limits["high"])) == rows)


def weight_problems(relation: Relation, measured: Measured) -> list[SegjobError]:
    """What is wrong with the row weights."""
    counts = {
        "null": measured.null_weights,
        "negative": measured.negative_weights,
        "NaN or infinite": measured.non_finite_weights,
    }
    wrong = ", ".join(f"{what} in {rows:,}" for what, rows in counts.items() if rows)
    if wrong:
        return [
            DataError(
                f"row weight {relation.row_weight!r} is {wrong} rows", hint="weights are numbers from 0"
            )
        ]
    if relation.row_weight is None or not measured.kept:
        return []
    if measured.weight == 0:
        return [DataError(f"row weight {relation.row_weight!r} is 0 in every row")]
    if not 1 / _HEAVIEST < measured.weight < _HEAVIEST:
        return [
            DataError(
                f"row weight {relation.row_weight!r} adds up to {measured.weight:g}",
                hint="bring it into a usual range in the feature view; only its proportions matter",
            )
        ]
    return []


def value_problems(
    warehouse: Warehouse, relation: Relation, measured: Measured, features: Sequence[Feature], where: str
) -> list[SegjobError]:
    """Features with values that are no numbers, or with none at all. where : the relation as the user named it."""
    problems: list[SegjobError] = []
    settings = {feature.column: feature for feature in features}
    for m in measured.moments:
        feature = settings[m.column]
        if (m.nan or m.inf) and feature.non_finite == "error":
            rows = warehouse.records(measures.examples(relation, m.column, "non_finite"))
            number = {"NaN": m.nan, "infinity": m.inf}
            counts = " and ".join(f"{what} in {_rows(n)}" for what, n in number.items() if n)
            examples = ", ".join(f"{row['value']} at key {row['row_key']!r}" for row in rows)
            problems.append(
                DataError(
                    f"feature {m.column!r} of {where} has {counts}: {examples}",
                    hint='make them null in the feature view, or say non_finite = "missing" for the feature',
                )
            )
        elif _has_no_value(m, measured):
            problems.append(
                DataError(
                    f"feature {m.column!r} of {where} has no value in any row",
                    hint="take it out of the features",
                )
            )
    return problems


def _has_no_value(m: Moments, measured: Measured) -> bool:
    missing = sum(
        e.rows for e in measured.exclusions if e.column == m.column and e.reason == measures.MISSING_VALUE
    )
    return m.count == 0 and (measured.kept > 0 or missing == measured.rows)


def _rows(number: int) -> str:
    return f"{number:,} row{'s' * (number != 1)}"
