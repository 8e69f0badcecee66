"""What the segments look like and what they are called, and what the features look like: rows to publish."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from segjob.config import Config
from segjob.core.model import Floats, Model, Partitions
from segjob.core.segments import drift, names, playbook
from segjob.core.segments.drift import binned_shares
from segjob.core.segments.feature_words import words_of_features
from segjob.core.segments.playbook import Advice
from segjob.core.segments.position import NamedFeature, position_of
from segjob.core.segments.row_label import row_label_of
from segjob.core.segments.segment_rules import SegmentRule
from segjob.pipeline.fit_kmeans import FittedModel
from segjob.pipeline.measure import Dataset
from segjob.registry.registry import Registry
from segjob.registry.runs import Record
from segjob.statements import drift as drift_statements
from segjob.statements import measures, profiles
from segjob.statements.measures import Measured
from segjob.statements.profiles import FeatureProfile
from segjob.statements.segment_rules import rule_sql
from segjob.warehouse.base import Warehouse

QUANTILE_ROWS = 200_000
"""Quartiles are exact up to so many rows, and those of a repeatable sample of this size above."""
REFERENCE_ROWS = 200_000
"""Rows that the distributions kept with a run are counted on."""
MISSING_BIN = -1
"""The bin of table `distributions` that counts missing values."""


@dataclass(frozen=True)
class SegmentSums:
    """Rows, and sum of squared distances to the centroid, of each segment by its number."""

    sizes: Mapping[int, int]
    inertia: Mapping[int, float]


@dataclass(frozen=True)
class SegmentProfiles:
    """Rows of the tables `profiles` and `segments`, without the run's number."""

    profiles: list[Record]
    segments: list[Record]


def profile_segments(
    registry: Registry,
    dataset: Dataset,
    fitted: FittedModel,
    sums: SegmentSums,
    actions: Sequence[Advice] | None,
) -> SegmentProfiles:
    """Describe the segments of a model that was just assigned.

    Parameters
    ----------
    fitted : under its published numbers.
    actions : the user's table of what to do, or None for the playbooks.
    """
    rows, profiled = read_profiles_of(registry.warehouse, dataset, fitted.model, fitted.rules)
    return SegmentProfiles(profiled, describe(registry, dataset, fitted, sums, actions, rows, profiled))


def describe(
    registry: Registry,
    dataset: Dataset,
    fitted: FittedModel,
    sums: SegmentSums,
    actions: Sequence[Advice] | None,
    rows: Sequence[Record],
    profiled: Sequence[Record],
) -> list[Record]:
    """Rows of table `segments` without the run's number.

    Parameters
    ----------
    rows, profiled : of the segments, from `read_profiles_of`.
    """
    model, kept = fitted.model, dataset.counts.kept
    shares = [sums.sizes[segment] / kept for segment in model.segment_ids]
    automatic, suggested = _names_and_actions(dataset, model, profiled, shares, actions)
    named = _names(registry, dataset, model, automatic)
    conditions = _conditions(registry.warehouse, fitted, rows)
    silhouettes, limits = fitted.silhouettes.tolist(), model.outlier_distance.tolist()
    return [
        {
            "segment_id": segment,
            **named[i],
            "rows": sums.sizes[segment],
            "share": shares[i],
            "inertia": sums.inertia[segment],
            "silhouette": None if math.isnan(silhouettes[i]) else silhouettes[i],
            "outlier_distance": limits[i],
            **conditions[i],
            "action": suggested[i],
        }
        for i, segment in enumerate(model.segment_ids)
    ]


def read_profiles_of(
    warehouse: Warehouse, dataset: Dataset, model: Model, rules: Sequence[SegmentRule | None]
) -> tuple[list[Record], list[Record]]:
    """The sums by segment, which count the segment rules' rows too; and the rows of `profiles`."""
    share = min(1.0, QUANTILE_ROWS / dataset.counts.kept)
    means = dataset.measure_means
    features = {transform.feature for transform in model.transforms}
    only = {column: mean for column, mean in means.items() if column not in features}
    sums, quartiles = warehouse.records_of_each(
        [
            profiles.profiles(dataset.relation, model, rules, only),
            profiles.profile_quantiles(
                dataset.relation, model, share=share, seed=dataset.settings.seed, measures=list(only)
            ),
        ]
    )
    if model.partitions is not None:
        rows = [
            {**row, "partition": value}
            for value, ids in segments_by_partition(model).items()
            for row in _profiles(
                profiles.read_profiles(_of_segments(sums, ids), model, only),
                _of_segments(quartiles, ids),
                features,
                set(means),
            )
        ]
        return sums, rows
    moments = profiles.read_profiles(sums, model, only)
    return sums, _profiles(moments, quartiles, features, set(means))


def segments_by_partition(model: Model) -> dict[str, list[int]]:
    """Value -> the numbers of its segments."""
    assert model.partitions is not None
    return {
        value: [model.segment_ids[place] for place in model.partitions.segments_of(position)]
        for position, value in enumerate(model.partitions.values)
    }


def _of_segments(rows: Sequence[Record], ids: Sequence[int]) -> list[Record]:
    own = set(ids)
    return [row for row in rows if row["segment_id"] in own]


def profile_rows(warehouse: Warehouse, dataset: Dataset, model: Model) -> list[Record]:
    """Rows of table `profiles` for a model that was fitted earlier, without the run's number."""
    return read_profiles_of(warehouse, dataset, model, ())[1]


def _names_and_actions(
    dataset: Dataset,
    model: Model,
    profiled: Sequence[Record],
    shares: Sequence[float],
    actions: Sequence[Advice] | None,
) -> tuple[list[str], list[str | None]]:
    """An automatic name and an action for each segment."""
    words = words_of_features((feature.model_dump() for feature in dataset.settings.features), profiled)
    features = [NamedFeature(words[t.source_column], t.source_column, t.category) for t in model.transforms]
    deviations = {m.column: math.sqrt(m.variance) for m in dataset.counts.moments}
    position = position_of(model, profiled, shares, deviations)
    is_people = row_label_of(dataset.key.name).is_person
    suggested = playbook.actions(features, position, actions, is_people=is_people)
    return names.automatic_names(features, position), suggested


def _names(registry: Registry, dataset: Dataset, model: Model, automatic: Sequence[str]) -> list[Record]:
    """Name and description of each segment: the analysts', or the automatic name made unlike all of theirs."""
    given = analysts_names(registry, dataset.name)

    def of(segment: int, name: str) -> Record:
        if analysts := given.get(segment):
            return {
                "name": analysts["name"],
                "named_by": "analyst",
                "description": analysts["description"],
            }
        taken = {other["name"] for other in given.values()}
        unique = f"{name} ({segment})" if name in taken else name
        return {"name": unique, "named_by": "segjob", "description": None}

    return [of(segment, name) for segment, name in zip(model.segment_ids, automatic, strict=True)]


def analysts_names(registry: Registry, segmentation: str) -> dict[int, Record]:
    """The analysts' names of a segmentation, by segment; the newest wins."""
    names = registry.table("names")
    query = sa.select(names).where(names.c.segmentation == segmentation).order_by(names.c.named_at)
    return {row["segment_id"]: row for row in registry.warehouse.records(query)}


def _conditions(warehouse: Warehouse, fitted: FittedModel, rows: Sequence[Record]) -> list[Record]:
    """Each segment's rule as SQL, with its precision and recall on all rows."""
    model, scores = fitted.model, _rule_scores(rows, fitted.model.segment_ids)
    return [
        {
            "rule": None if rule is None else rule_sql(rule, model.transforms, warehouse.dialect),
            "rule_precision": scores[segment][0],
            "rule_recall": scores[segment][1],
        }
        for segment, rule in zip(model.segment_ids, fitted.rules, strict=True)
    ]


def _profiles(
    moments: Sequence[FeatureProfile],
    quartiles: Sequence[Mapping[str, Any]],
    features: AbstractSet[str],
    measures: AbstractSet[str],
) -> list[Record]:
    """Rows of `profiles`: moments of all rows; quartiles of at most `QUANTILE_ROWS` of them."""
    quartiles_of = {row["segment_id"]: row for row in quartiles}
    overall = {p.feature: p for p in moments if p.segment_id is None}
    position = {name: j for j, name in enumerate(overall)}
    rows = []
    for p in moments:
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
                "is_feature": p.feature in features,
                "total_share": _share(p, everyone) if p.feature in measures else None,
            }
        )
    return rows


def _share(profile: FeatureProfile, everyone: FeatureProfile) -> float | None:
    """The segment's part of the sum over all segments; None where that sum is not above 0."""
    total = everyone.mean * everyone.rows if everyone.rows else 0.0
    if total <= 0:
        return None
    return profile.mean * profile.rows / total if profile.rows else 0.0


def _rule_scores(
    sums: Sequence[Mapping[str, Any]], segments: Sequence[int]
) -> dict[int, tuple[float | None, float | None]]:
    """Precision and recall of each segment's rule, counted on all rows; None if there is nothing to divide by."""
    own = {row["segment_id"]: row for row in sums}
    scores: dict[int, tuple[float | None, float | None]] = {}
    for i, segment in enumerate(segments):
        fitting = sum(row.get(f"fits{i}", 0) for row in sums)
        hits = own[segment].get(f"fits{i}", 0) if segment in own else 0
        rows = own[segment]["all_rows"] if segment in own else 0
        scores[segment] = (hits / fitting if fitting else None, hits / rows if fitting and rows else None)
    return scores


def actions_of(config: Config) -> Sequence[Advice] | None:
    """The config's table of actions, or None for the playbooks that come with segjob."""
    if config.actions is None:
        return None
    return tuple(
        Advice(
            {word: "typical" if level == "average" else level for word, level in action.when.items()},
            action.action,
        )
        for action in config.actions
    )


def distribution_rows(
    warehouse: Warehouse,
    dataset: Dataset,
    originals: Sequence[Floats],
    weights: Floats,
    partitions: Partitions | None = None,
) -> list[Record]:
    """What the features look like now, as rows of `distributions`: what a later health check compares with.

    Parameters
    ----------
    originals : by transform, (n,) values of the fit rows in the column's own units: they say where the bins are.
    weights : (n,) of the fit rows.
    partitions : of the model, if it has any.
    """
    transforms, counts = dataset.transforms, dataset.counts
    edges = [binned_shares(values, weights).edges for values in originals]
    share, seed = min(1.0, REFERENCE_ROWS / counts.kept), dataset.settings.seed
    statement = drift_statements.bins(
        dataset.relation, transforms, edges, partitions=partitions, share=share, seed=seed
    )
    binned = warehouse.records(statement)[0]
    missing = missing_shares(counts)
    records = []
    for j, transform in enumerate(transforms):
        in_bin = [binned[f"bin{j}_{b}"] for b in range(len(edges[j]) + 1)]
        limits: list[float | None] = [None, *edges[j].tolist(), None]
        for b, of in enumerate(drift.shares(in_bin).tolist()):
            records.append(_bin(transform.feature, b, limits[b], limits[b + 1], of, sum(in_bin)))
        if transform.source_column in missing:
            absent = missing[transform.source_column]
            records.append(_bin(transform.feature, MISSING_BIN, None, None, absent, counts.rows))
    return records


def missing_shares(measured: Measured) -> dict[str, float]:
    """Share of the relation's rows without a value, by numeric column."""
    excluded = {e.column: e.rows for e in measured.exclusions if e.reason == measures.MISSING_VALUE}
    return {
        m.column: (measured.kept - m.count + excluded.get(m.column, 0)) / measured.rows
        for m in measured.moments
    }


def _bin(
    feature: str, b: int, lower: float | None, upper: float | None, share: float, rows: int
) -> dict[str, Any]:
    return {"feature": feature, "bin": b, "lower": lower, "upper": upper, "share": share, "rows": rows}
