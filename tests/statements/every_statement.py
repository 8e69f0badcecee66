"""One of every statement, for tests that compile them."""

from __future__ import annotations

import dataclasses

import numpy as np
import sqlalchemy as sa

from segjob.config import Feature
from segjob.core.model import Gaussians, Model, Transform
from segjob.statements import features, gaussian, keys, measures, passes, profiles, scoring
from segjob.statements.features import Relation

RELATION = Relation("x; drop table y", "s.ch", 'a"b', "w%")
FEATURES = [
    Feature(column="order", lower=0.0, upper=9.5, outside="clip", missing="impute"),
    Feature(column="sélect", lower=0.0, function="log1p"),
    Feature(column="it's", kind="categorical"),
]
TRANSFORMS = (
    Transform("order", "order", impute_value=2.0, lower_bound=0.0, upper_bound=9.5, center=-1.5, scale=3.0),
    Transform("sélect", "sélect", "log1p", lower_bound=0.0, outside="exclude"),
    Transform("it's=it's", "it's", "one_hot", "it's"),
)
CENTROIDS = np.array([[0.0, 1.0, 0.5], [-1.0, 1e-30, 3.0], [7.0, 8.0, 1 / 3]])
MODEL = Model(TRANSFORMS, (4, 2, 9), CENTROIDS, np.array([1.0, np.inf, 2.0]))
MIXTURE = dataclasses.replace(
    MODEL, gaussians=Gaussians(np.array([0.5, 0.25, 0.25]), np.stack([np.eye(3) + 0.3] * 3))
)
PARAMETERS = {"order": sa.column("p0"), "sélect": sa.column("p1"), "it's": sa.column("p2")}

STATEMENTS: dict[str, sa.ClauseElement] = {
    "raw": features.raw(RELATION, FEATURES),
    "prepared": features.prepared(RELATION, TRANSFORMS),
    "first_means": measures.first_means(RELATION, FEATURES),
    "measure": measures.measure(RELATION, FEATURES, {"near0": -1.5, "near1": None}),
    "fingerprint": measures.fingerprint(RELATION, FEATURES),
    "key_range": keys.key_range(RELATION),
    "distinct_keys": keys.distinct_keys(RELATION, -3, 2**40),
    "keys_out_of_order": keys.keys_out_of_order(RELATION),
    "repeated_keys": measures.repeated_keys(RELATION),
    "examples": measures.examples(RELATION, "order", "non_finite"),
    "quantiles": measures.quantiles(RELATION, FEATURES, (0.25, 0.5, 0.75)),
    "categories": measures.categories(RELATION, FEATURES[2], FEATURES),
    "distinct_estimate": passes.distinct_estimate(RELATION, TRANSFORMS),
    "distinct_rows": passes.distinct_rows(RELATION, TRANSFORMS, limit=9),
    "all_rows": passes.all_rows(RELATION, TRANSFORMS),
    "sample": passes.sample(RELATION, TRANSFORMS, 0.5, 7, 100),
    "lloyd_pass": passes.lloyd_pass(RELATION, TRANSFORMS, CENTROIDS),
    "lloyd_pass with distances": passes.lloyd_pass(RELATION, TRANSFORMS, CENTROIDS, distances=True),
    "border_rows": passes.border_rows(RELATION, TRANSFORMS, CENTROIDS, 0.1, 5),
    "farthest_rows": passes.farthest_rows(RELATION, TRANSFORMS, CENTROIDS, 2),
    "inertia_by_k": passes.inertia_by_k(RELATION, TRANSFORMS, [CENTROIDS, CENTROIDS[:1]]),
    "assignment": scoring.assignment(RELATION, MODEL, 12),
    "scores": scoring.scores(RELATION, MODEL, {4: "it's", 2: "b", 9: "100%"}),
    "count_scores": scoring.count_scores('a"b', "s.ch"),
    "segment_expression": sa.select(scoring.segment_expression(MODEL, PARAMETERS)),
    "assignment of a mixture": scoring.assignment(RELATION, MIXTURE, 12),
    "scores of a mixture": scoring.scores(RELATION, MIXTURE, {4: "it's", 2: "b", 9: "100%"}),
    "segment_expression of a mixture": sa.select(scoring.segment_expression(MIXTURE, PARAMETERS)),
    "squared_by_segment": gaussian.squared_by_segment(RELATION, MIXTURE),
    "profiles of a mixture": profiles.profiles(RELATION, MIXTURE),
    "profiles": profiles.profiles(RELATION, MODEL),
    "profile_quantiles": profiles.profile_quantiles(RELATION, MODEL, share=0.1),
    "profile_quantiles overall": profiles.profile_quantiles(RELATION, MODEL, overall=True),
}
