"""What the segments look like and what they are called: rows of `profiles` and `segments`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from segjob.config import Config
from segjob.core.model import Floats, Model
from segjob.core.segments import names
from segjob.core.segments.segment_rules import SegmentRule
from segjob.pipeline.measure import Prepared
from segjob.statements import profiles
from segjob.statements.published.tables import PublishedTables
from segjob.statements.segment_rules import rule_sql
from segjob.warehouse.base import Warehouse

QUANTILE_ROWS = 200_000
"""Quartiles are exact up to so many rows, and those of a repeatable sample of this size above."""


@dataclass(frozen=True)
class Portrait:
    """Rows of the tables of the same names, without the run's number."""

    profiles: list[dict[str, Any]]
    segments: list[dict[str, Any]]


def portray(
    warehouse: Warehouse,
    contract: PublishedTables,
    prepared: Prepared,
    model: Model,
    *,
    sizes: Mapping[int, int],
    inertia: Mapping[int, float],
    silhouettes: Mapping[int, float],
    rules: Sequence[SegmentRule | None],
    actions: Sequence[names.Advice],
    seed: int,
) -> Portrait:
    """Describe the segments of a model that was just assigned.

    Parameters
    ----------
    sizes, inertia, silhouettes : rows, sum of squared distances, and mean silhouette (NaN: none), by segment.
    rules : in the order of the segments.
    actions : the table that suggests what to do.
    """
    share = min(1.0, QUANTILE_ROWS / prepared.measured.kept)
    found, quartiles = warehouse.records_of_each(
        [
            profiles.profiles(prepared.relation, model, rules),
            profiles.profile_quantiles(prepared.relation, model, share=share, seed=seed),
        ]
    )
    profiled = _profiles(model, found, quartiles)
    scores = _rule_scores(found, model.segment_ids)
    features = [transform.feature for transform in model.transforms]
    shares = [sizes[segment] / prepared.measured.kept for segment in model.segment_ids]
    z = _z(profiled, model.segment_ids, features)
    automatic = names.automatic_names(z, features, shares, _means(profiled, model.segment_ids, features))
    suggested = names.actions(z, features, actions)
    given = given_names(warehouse, contract, prepared.resolved.name)
    segments = []
    for segment, own_name, share, limit, rule, action in zip(
        model.segment_ids, automatic, shares, model.outlier_distance.tolist(), rules, suggested, strict=True
    ):
        analysts = given.get(segment)
        segments.append(
            {
                "segment_id": segment,
                "name": analysts["name"] if analysts else _free_name(own_name, segment, given),
                "named_by": "analyst" if analysts else "segjob",
                "description": analysts["description"] if analysts else None,
                "rows": sizes[segment],
                "share": share,
                "inertia": inertia[segment],
                "silhouette": None if math.isnan(silhouettes[segment]) else silhouettes[segment],
                "outlier_distance": limit,
                "rule": None if rule is None else rule_sql(rule, model.transforms, warehouse.dialect),
                "rule_precision": scores[segment][0],
                "rule_recall": scores[segment][1],
                "action": action,
            }
        )
    return Portrait(profiled, segments)


def _free_name(automatic: str, segment: int, given: Mapping[int, Mapping[str, Any]]) -> str:
    """The automatic name, told apart from a name that an analyst has given to another segment."""
    taken = {name["name"] for other, name in given.items() if other != segment}
    return f"{automatic} ({segment})" if automatic in taken else automatic


def given_names(
    warehouse: Warehouse, contract: PublishedTables, segmentation: str
) -> dict[int, dict[str, Any]]:
    """The analysts' names of a segmentation, by segment; the newest wins."""
    names = contract.table("names")
    query = sa.select(names).where(names.c.segmentation == segmentation).order_by(names.c.named_at)
    return {row["segment_id"]: row for row in warehouse.records(query)}


def _profiles(
    model: Model, sums: list[dict[str, Any]], quartiles: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of `profiles`: moments of all rows; quartiles of at most `QUANTILE_ROWS` of them."""
    found = profiles.read_profiles(sums, model)
    quartiles_of = {row["segment_id"]: row for row in quartiles}
    overall = {p.feature: p for p in found if p.segment_id is None}
    position = {transform.feature: j for j, transform in enumerate(model.transforms)}
    rows = []
    for p in found:
        if p.segment_id is None:
            continue
        everyone, j, of = overall[p.feature], position[p.feature], quartiles_of.get(p.segment_id) or {}
        known = p.rows > 0
        rows.append(
            {
                "segment_id": p.segment_id,
                "feature": p.feature,
                "rows": p.rows,
                "mean": p.mean if known else None,
                "stddev": p.stddev if known else None,
                "minimum": p.minimum if known else None,
                "p25": of.get(f"quantile{j}_0"),
                "median": of.get(f"quantile{j}_1"),
                "p75": of.get(f"quantile{j}_2"),
                "maximum": p.maximum if known else None,
                "overall_mean": everyone.mean,
                "z": (p.mean - everyone.mean) / everyone.stddev if known and everyone.stddev > 0 else None,
            }
        )
    return rows


def _rule_scores(
    found: Sequence[Mapping[str, Any]], segments: Sequence[int]
) -> dict[int, tuple[float | None, float | None]]:
    """Precision and recall of each segment's rule, counted on all rows; None where there is nothing to divide by."""
    own = {row["segment_id"]: row for row in found}
    scores: dict[int, tuple[float | None, float | None]] = {}
    for i, segment in enumerate(segments):
        fitting = sum(row.get(f"fits{i}", 0) for row in found)
        hits = own[segment].get(f"fits{i}", 0) if segment in own else 0
        rows = own[segment]["all_rows"] if segment in own else 0
        scores[segment] = (hits / fitting if fitting else None, hits / rows if fitting and rows else None)
    return scores


def actions_of(config: Config) -> Sequence[names.Advice]:
    """The table of actions: the config's, or the one that comes with segjob."""
    if config.actions is None:
        return names.ACTIONS
    return tuple(
        names.Advice(tuple(names.Sign((word,), level) for word, level in action.when.items()), action.action)
        for action in config.actions
    )


def _means(profiled: Sequence[Mapping[str, Any]], segments: Sequence[int], features: Sequence[str]) -> Floats:
    """(k, d) means; 0 where unknown."""
    known = {(row["segment_id"], row["feature"]): row["mean"] for row in profiled}
    return np.array([[known.get((segment, feature)) or 0.0 for feature in features] for segment in segments])


def _z(profiled: Sequence[Mapping[str, Any]], segments: Sequence[int], features: Sequence[str]) -> Floats:
    """(k, d): how many overall standard deviations each segment's mean is from everyone's; 0 where unknown."""
    known = {(row["segment_id"], row["feature"]): row["z"] for row in profiled}
    return np.array([[known.get((segment, feature)) or 0.0 for feature in features] for segment in segments])
