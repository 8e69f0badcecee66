"""One of every statement, for tests that compile them: of names that hurt, and of plain ones to read."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable, SetColumnComment, SetTableComment

from segjob.config import Feature
from segjob.core.model import Floats, Gaussians, Model, Transform
from segjob.core.segments.segment_rules import Condition, SegmentRule
from segjob.statements import (
    drift,
    exploration,
    gaussian,
    measures,
    partitions,
    passes,
    profiles,
    reasons,
    scoring,
    unique_keys,
)
from segjob.statements import relation as relation_room
from segjob.statements.exploration import HistogramBins
from segjob.statements.published import erasure, lift, movements, views
from segjob.statements.published.tables import PublishedTables
from segjob.statements.relation import Relation, RowDates
from segjob.statements.sql.ddl import AddColumn, CreateAs, CreateScorer, DropTable
from segjob.statements.sql.forgotten import Forgotten

ROOMS = (
    exploration,
    relation_room,
    gaussian,
    unique_keys,
    measures,
    movements,
    partitions,
    passes,
    profiles,
    reasons,
    scoring,
    drift,
    views,
    erasure,
    lift,
)
"""The modules whose public statements all stand below."""


@dataclass(frozen=True)
class Subject:
    """What the statements are about: a relation of two numeric columns and a text, and a model of three segments."""

    relation: Relation
    features: list[Feature]
    model: Model
    mixture: Model
    category: str
    tables: PublishedTables
    segmentation: str

    @property
    def transforms(self) -> tuple[Transform, ...]:
        """The model's."""
        return self.model.transforms

    @property
    def parameters(self) -> Mapping[str, sa.ColumnElement[object]]:
        """Parameters of a scoring function."""
        return {t.source_column: sa.column(f"p{j}") for j, t in enumerate(self.transforms)}

    @property
    def history(self) -> sa.Table:
        """The table of assignments."""
        return self.tables.history(self.segmentation, self.relation.key, sa.BigInteger())


def subject(
    relation: Relation, columns: tuple[str, str, str], category: str, schema: str, *, plain: bool
) -> Subject:
    """The subject of these names; a plain one has fewer segments, and uses its first column as it is."""
    first, second, text = columns
    every_step = Transform(first, first, "identity", None, 2.0, 0.0, 9.5, center=-1.5, scale=3.0)
    made = (
        Transform(first, first, center=-1.5, scale=3.0) if plain else every_step,
        Transform(second, second, "log1p", lower_bound=0.0, outside="exclude"),
        Transform(f"{text}={category}", text, "one_hot", category),
    )
    centroids: Floats = np.array([[0.0, 1.0, 0.5], [-1.0, 1e-30, 3.0], [7.0, 8.0, 1 / 3]])
    ids, weights = (4, 2, 9), np.array([0.5, 0.25, 0.25])
    if plain:
        centroids, ids, weights = np.array([[0.0, 1.0, 0.5], [-1.0, 2.0, 0.0]]), (4, 2), np.array([0.5, 0.5])
    model = Model(made, ids, centroids, np.array([1.0, np.inf, 2.0])[: len(ids)])
    gaussians = Gaussians(weights, np.stack([np.eye(3) + 0.3] * len(ids)))
    clip = {"lower": 0.0, "upper": 9.5, "outside": "clip", "missing": "impute"}
    return Subject(
        relation,
        [
            Feature.model_validate({"column": first, **({} if plain else clip)}),
            Feature(column=second, lower=0.0, function="log1p"),
            Feature(column=text, kind="categorical"),
        ],
        model,
        dataclasses.replace(model, gaussians=gaussians),
        category,
        PublishedTables(schema),
        "groups",
    )


def every(s: Subject) -> dict[str, sa.ClauseElement]:
    """Name of the function, with a note where there are several of it -> statement."""
    relation, made, model, history = s.relation, s.transforms, s.model, s.history
    centroids = model.centroids
    names = {4: s.category, 2: "b", 9: "100%"}
    first, second, text = (f.column for f in s.features)
    quartiles = (0.25, 0.5, 0.75)
    forgotten = Forgotten(s.tables.schema, relation.key)
    chosen = dataclasses.replace(relation, where="town = 'Oslo'", forgotten=forgotten)
    by_part = dataclasses.replace(relation, partition=text)
    both = parted(s)
    audience = views.audience(s.tables, history, history_moved(s), s.segmentation, relation.key, 0.1)
    return {
        "raw": relation_room.raw(relation, s.features),
        "first_key": relation_room.first_key(chosen),
        "count": relation_room.count(relation),
        "first_means": measures.first_means(relation, s.features),
        "measure": measures.measure(relation, s.features, {"near0": -1.5, "near1": None}),
        "fingerprint": measures.fingerprint(relation, s.features),
        "key_range": unique_keys.key_range(relation),
        "distinct_keys": unique_keys.distinct_keys(relation, -3, 2**40),
        "distinct_whole_keys": unique_keys.distinct_whole_keys(relation),
        "keys_out_of_order": unique_keys.keys_out_of_order(relation),
        "repeated_keys": measures.repeated_keys(relation),
        "examples": measures.examples(relation, first, "non_finite"),
        "quantiles": measures.quantiles(relation, s.features, quartiles),
        "categories": measures.categories(relation, s.features[2], s.features),
        "distinct_estimate": passes.distinct_estimate(relation, made),
        "distinct_rows": passes.distinct_rows(relation, made, limit=9),
        "all_rows": passes.all_rows(relation, made),
        "sample": passes.sample(relation, made, 0.5, 7, 100),
        "lloyd_pass": passes.lloyd_pass(relation, made, centroids),
        "lloyd_pass with distances": passes.lloyd_pass(relation, made, centroids, distances=True),
        "partition_sizes": relation_room.partition_sizes(by_part, 9),
        "measure of partitions": measures.measure(by_part, s.features[:2], {"near0": -1.5}),
        "quantiles of partitions": measures.quantiles(by_part, s.features[:2], quartiles),
        "fit_rows": partitions.fit_rows(by_part, both, [1.0, 0.5], 7),
        "lloyd_pass of partitions": partitions.lloyd_pass(by_part, both),
        "assignment of partitions": scoring.assignment(by_part, both, 12),
        "scores of partitions": scoring.scores(by_part, both, {1: "a", 2: "b", 3: "c"}),
        "reasons of partitions": reasons.reasons(by_part, both, s.tables.table("profiles"), 12),
        "profiles of partitions": profiles.profiles(by_part, both, [None] * 3),
        "overlap of partitions": movements.overlap(by_part, both, history, 11, share=0.1, seed=7),
        "border_rows": passes.border_rows(relation, made, centroids, 0.1, 5),
        "farthest_rows": passes.farthest_rows(relation, made, centroids, 2),
        "assignment": scoring.assignment(relation, model, 12),
        "nearest_segments": scoring.nearest_segments(relation, model),
        "scores": scoring.scores(relation, model, names),
        "count_scores": scoring.count_scores(relation.name, relation.schema or "main"),
        "reasons": reasons.reasons(relation, model, s.tables.table("profiles"), 12),
        "reasons of a mixture": reasons.reasons(relation, s.mixture, s.tables.table("profiles"), 12),
        "segment_expression": sa.select(scoring.segment_expression(model, s.parameters)),
        "assignment of a mixture": scoring.assignment(relation, s.mixture, 12),
        "scores of a mixture": scoring.scores(relation, s.mixture, names),
        "segment_expression of a mixture": sa.select(scoring.segment_expression(s.mixture, s.parameters)),
        "expectation": gaussian.expectation(relation, s.mixture),
        "squared_by_segment": gaussian.squared_by_segment(relation, s.mixture),
        "profiles": profiles.profiles(
            relation, model, [SegmentRule(((Condition(first, ">", 1.0),),), 1.0, 1.0), None]
        ),
        "profiles with measures": profiles.profiles(relation, model, (), {text: 12.0}),
        "measure_counts": profiles.measure_counts(relation, [text, first]),
        "profiles of a mixture": profiles.profiles(relation, s.mixture),
        "profile_quantiles": profiles.profile_quantiles(relation, model, share=0.1),
        "profile_quantiles overall": profiles.profile_quantiles(relation, model, overall=True),
        "overlap": movements.overlap(relation, model, history, 11, share=0.1, seed=7),
        "movements": movements.movements(
            history, relation.key, 11, 12, scoring.nearest_segments(relation, model)
        ),
        "causes": movements.causes(history, history_moved(s), relation.key, 11, 13, [12, 13]),
        "newest_date": relation_room.newest_date(relation, second, date(2025, 6, 30)),
        "rows_by_date": relation_room.rows_by_date(relation, second),
        "raw of a date": relation_room.raw(
            dataclasses.replace(relation, dates=RowDates((second,), date(2025, 6, 30))), s.features
        ),
        "raw of the newest date": relation_room.raw(
            dataclasses.replace(relation, dates=RowDates((second,))), s.features
        ),
        "raw of rows that hold": relation_room.raw(
            dataclasses.replace(relation, dates=RowDates((first, second), date(2025, 6, 30))), s.features
        ),
        "flows": movements.flows(history, relation.key, 11, 12),
        "moved_flows": movements.moved_flows(history_moved(s), 12),
        "bins": drift.bins(relation, made, [np.array([1.0, 2.0]), np.array([3.0]), np.array([0.5])]),
        "by_segment": drift.by_segment(relation, model, names),
        "by_published_segment": drift.by_published_segment(history, 12),
        "current_assignment": views.current_assignment(s.tables, history, s.segmentation, relation.key),
        "wide_profile with measures": views.wide_profile(s.tables, s.segmentation, [first], [first, text]),
        "audience": audience,
        "brought": lift.brought(
            audience, lift.Events("s.ch", "orders", 'a"b', "x; y", "at"), datetime(2025, 7, 1)
        ),
        "typed_keys": erasure.typed_keys(["it's", "7"], sa.BigInteger()),
        "keys_of": erasure.keys_of("s.ch", "asked", 'a"b', sa.BigInteger()),
        "rounded_keys": erasure.rounded_keys("s.ch", "asked", 'a"b', sa.BigInteger()),
        "hashed": erasure.hashed(forgotten),
        "known_keys": erasure.known_keys([(history, relation.key), (history_moved(s), relation.key)]),
        "segment_sizes": erasure.segment_sizes(history),
        "with_hashed_column": views.with_hashed_column(audience, relation, text),
        "wide_profile": views.wide_profile(s.tables, s.segmentation, [first, second]),
        "segment_sample": exploration.segment_sample(
            relation, made, history, 12, {4: (900, 50), 2: (100, 50)}, 7
        ),
        "overview": exploration.overview(relation, [first, second]),
        "overview of a boolean": exploration.overview(
            dataclasses.replace(relation, booleans=frozenset({second})), [first, second]
        ),
        "correlations": exploration.correlations(relation, [first, second], [1.5, None]),
        "histogram": exploration.histogram(relation, HistogramBins(first, "log1p", 0.0, 3.0, 10), by=text),
        "largest_groups": exploration.largest_groups(relation, text, 5),
        "crossed": exploration.crossed(
            keyed := exploration.keyed_history(s.tables.schema, s.segmentation, relation.key),
            12,
            keyed,
            11,
            relation.key,
        ),
        "segment_counts": exploration.segment_counts(history, 12),
    }


def parted(s: Subject) -> Model:
    """A model of one segment for rows of the category, and one of two segments for others."""
    numeric = s.transforms[:2]
    one = Model(numeric, (1,), np.array([[0.0, 1.0]]), np.ones(1))
    two = Model(numeric, (2, 3), np.array([[0.0, 1.0], [2.0, 3.0]]), np.ones(2))
    return Model.together(s.features[2].column, {s.category: one, "b": two})


def history_moved(s: Subject) -> sa.Table:
    """The table of who moved."""
    return s.tables.movements(s.segmentation, s.relation.key, sa.BigInteger())


def definitions(s: Subject) -> dict[str, sa.ClauseElement]:
    """What creates and changes tables, views and functions."""
    schema, history = s.tables.schema, s.history
    snapshot = relation_room.raw(s.relation, s.features)
    scored = scoring.scores(s.relation, s.model, {4: s.category, 2: "b", 9: "100%"})
    return {
        "a snapshot of a view": CreateAs("temporary table", "segjob_rows", snapshot),
        "a table of scores": CreateAs("table", "scored", snapshot, schema=schema),
        "a view": CreateAs("view", f"{s.segmentation}_scores", scored, schema=schema),
        "drop a table": DropTable("segjob_rows"),
        "a table": CreateTable(history),
        "a comment on a table": SetTableComment(history),
        "a comment on a column": SetColumnComment(history.c.margin),
        "a column more": AddColumn(history.c.margin),
        "a scoring function": CreateScorer(f"{s.segmentation}_segment", s.model, schema=schema),
        "a scoring function of a boolean": CreateScorer(
            f"{s.segmentation}_segment",
            s.model,
            schema=schema,
            booleans=frozenset({s.model.transforms[0].source_column}),
        ),
    }


HOSTILE = subject(
    Relation("x; drop table y", "s.ch", 'a"b', "w%"),
    ("order", "sélect", "it's"),
    "it's",
    "seg ments",
    plain=False,
)
PLAIN = subject(
    Relation("customers", "sales", "customer_id"),
    ("income", "orders", "city"),
    "Oslo",
    "segments",
    plain=True,
)
STATEMENTS = every(HOSTILE)
