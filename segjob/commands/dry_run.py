"""`segjob run --dry-run`: the statements of a run in their order, without running any."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import sqlalchemy as sa

from segjob.config import Config
from segjob.core.model import MISSING_CATEGORY, Gaussians, Model, Transform
from segjob.pipeline.measure import SNAPSHOT
from segjob.pipeline.profile import QUANTILE_ROWS
from segjob.registry.relations import Resolved
from segjob.statements import measures, passes, profiles, scoring
from segjob.statements.gaussian import expectation, squared_by_segment
from segjob.statements.published.tables import PublishedTables
from segjob.statements.relation import raw
from segjob.statements.sql.ddl import CreateAs
from segjob.warehouse.base import Statement

Titled = tuple[str, Statement]


def statements(resolved: Resolved, config: Config, contract: PublishedTables) -> Iterator[Titled]:
    """(what it is for, statement) in the order of a run; "pass n" goes over all rows."""
    settings, relation = resolved.settings, resolved.relation
    if not resolved.is_table:
        yield (
            "pass 1, a snapshot of the view",
            CreateAs("temporary table", SNAPSHOT, raw(relation, settings.features)),
        )
        relation = dataclasses.replace(relation, name=SNAPSHOT, schema=None)
    first = 1 if resolved.is_table else 2
    model = _stand_in(resolved)
    yield (
        "near what the features lie, by the first thousand rows",
        measures.first_means(relation, settings.features),
    )
    yield f"pass {first}, counts, exclusions and moments", measures.measure(relation, settings.features, {})
    yield f"pass {first + 1}, keys that stand more than once", measures.repeated_keys(relation)
    for feature in settings.features:
        if feature.kind == "categorical":
            yield f"categories of {feature.column}", measures.categories(relation, feature, settings.features)
    if any(feature.missing == "impute" or feature.scale == "robust" for feature in settings.features):
        yield "quartiles", measures.quantiles(relation, settings.features, profiles.QUARTILES)
    made, fit = model.transforms, config.fit
    yield f"fit rows, up to {fit.all_rows:,} rows", passes.all_rows(relation, made)
    share = 0.01
    yield (
        "fit rows, where there are more: a sample",
        passes.sample(relation, made, share, settings.seed, fit.sample_rows),
    )
    yield (
        "fit rows, where many of the sample are alike: how many points differ",
        passes.distinct_estimate(relation, made),
    )
    yield (
        f"fit rows, where it is up to {fit.distinct_rows:,} different points",
        passes.distinct_rows(relation, made),
    )
    if settings.algorithm == "kmeans":
        yield (
            f"pass {first + 2} and on after a sample, at most {fit.max_passes} times: Lloyd",
            passes.lloyd_pass(relation, made, model.centroids),
        )
        yield (
            "inertia and distances of the final model",
            passes.lloyd_pass(relation, made, model.centroids, distances=True),
        )
    else:
        if model.gaussians is not None:
            yield (
                f"pass {first + 2} and on after a sample, at most {fit.max_passes} times: expectation",
                expectation(relation, model),
            )
        yield f"inertia of {settings.algorithm} after a sample", squared_by_segment(relation, model)
    history = contract.history(resolved.name, resolved.key.name, resolved.key.type)
    names = [column.name for column in history.columns]
    yield (
        "publish, in one transaction: the assignment",
        sa.insert(history).from_select(names, scoring.assignment(relation, model, 0)),
    )
    yield "publish: profiles", profiles.profiles(relation, model)
    yield (
        f"publish: quartiles, of at most {QUANTILE_ROWS:,} rows",
        profiles.profile_quantiles(relation, model),
    )
    scored = scoring.scores(
        resolved.relation, model, {segment: f"segment {segment}" for segment in model.segment_ids}
    )
    yield (
        "publish: the view that scores live",
        CreateAs("view", f"{resolved.name}_scores", scored, schema=contract.schema),
    )


def _stand_in(resolved: Resolved) -> Model:
    """A model of the right shape: as many segments as asked for, or the most that auto would try."""
    settings = resolved.settings
    transforms = tuple(
        Transform(feature=feature.column, source_column=feature.column, function=feature.function)
        if feature.kind == "numeric"
        else Transform(
            feature=f"{feature.column}={MISSING_CATEGORY}",
            source_column=feature.column,
            function="one_hot",
            category=MISSING_CATEGORY,
        )
        for feature in settings.features
    )
    k = settings.k_range[1] if settings.k == "auto" else settings.k
    return Model(
        transforms=transforms,
        segment_ids=tuple(range(1, k + 1)),
        centroids=np.zeros((k, len(transforms))),
        outlier_distance=np.zeros(k),
        gaussians=Gaussians(np.full(k, 1 / k), np.stack([np.eye(len(transforms))] * k))
        if settings.algorithm == "gaussian_mixture"
        else None,
    )
