"""The published views of a segmentation, and the function that scores with its model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy.sql.selectable import SelectBase

from segjob.core.model import Model, Transform
from segjob.core.segments.feature_words import measures_of_run
from segjob.registry.audience import audience_of
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.schema import bring_up_to_date
from segjob.statements import reasons, scoring
from segjob.statements.published import comments, views
from segjob.statements.sql.ddl import CreateAs, CreateScorer, ViewComments
from segjob.warehouse.base import Column, Replacement, Warehouse


def point_at(registry: Registry, published: PublishedModel, key: Column) -> None:
    """Point a segmentation's own views and function at a run, inside the caller's transaction."""
    # A warehouse of the first layout has no movements yet.
    bring_up_to_date(registry.warehouse, registry.movements(str(published.run["segmentation"]), key))
    create_run_views(registry, published, key)
    create_model_views(registry, published, key)


def renew_run_views(registry: Registry) -> None:
    """After an upgrade: every segmentation's run views as this version defines them."""
    for run in registry.runs():
        if run["is_current"]:
            create_run_views(registry, registry.load_model(run), registry.key_column(run), must_replace=True)


def create_run_views(
    registry: Registry, published: PublishedModel, key: Column, *, must_replace: bool = False
) -> None:
    """The views that show whichever run is published, by themselves; one that can stay is replaced only if it must."""
    _replace(
        registry,
        [
            view
            for view in _run_views(registry, published, key)
            if must_replace or not _can_stay(registry, view)
        ],
    )


def _run_views(registry: Registry, published: PublishedModel, key: Column) -> list[Replacement]:
    name = str(published.run["segmentation"])
    history = registry.history(name, key)
    features = [transform.feature for transform in published.model.transforms]
    measures = measures_of_run(published.run["config"])
    profile = views.wide_profile(registry.tables, name, features, measures)
    columns = [column.name for column in profile.selected_columns]
    shares = dict(zip(reversed(columns), reversed(measures), strict=False))
    described = list(dict.fromkeys([*features, *measures]))
    means = columns[-len(described) - len(measures) :][: len(described)]
    said = comments.of_profile(dict(zip(means, described, strict=True)), shares, registry.tables)
    assignment = views.current_assignment(registry.tables, history, name, key.name)
    return [
        _view(registry, name, assignment, comments.of_assignment(history)),
        _view(registry, f"{name}_profile", profile, said),
    ]


def create_empty_view(registry: Registry, segmentation: str, key: Column) -> None:
    """Before the first run: the view that analysts join to, without rows, so that what is built on it can be built."""
    history = registry.history(segmentation, key)
    bring_up_to_date(registry.warehouse, history, registry.movements(segmentation, key))
    assignment = views.current_assignment(registry.tables, history, segmentation, key.name)
    _replace(registry, [_view(registry, segmentation, assignment, comments.of_assignment(history))])


def create_model_views(registry: Registry, published: PublishedModel, key: Column) -> None:
    """The views and the function that hold the model itself, or the run's share of hold-outs."""
    _replace(registry, _model_views(registry, published, key))


def _model_views(registry: Registry, published: PublishedModel, key: Column) -> list[Replacement]:
    name, run_id = str(published.run["segmentation"]), int(published.run["run_id"])
    history = registry.history(name, key)
    scores = scoring.scores(published.relation, published.model, published.names)
    why = reasons.reasons(published.relation, published.model, registry.table("profiles"), run_id)
    audience = audience_of(registry, published, key)
    booleans = published.relation.booleans
    scorer = CreateScorer(f"{name}_segment", published.model, schema=registry.schema, booleans=booleans)
    parameters = [
        f"{column} {kind}" for column, kind in scorer.parameters("double precision", "text").items()
    ]
    return [
        _view(registry, f"{name}_scores", scores, comments.of_scores(history)),
        _view(registry, f"{name}_reasons", why, comments.of_reasons(history, key.name)),
        _view(registry, f"{name}_audience", audience, comments.of_audience(history, key.name)),
        Replacement("function", registry.schema, scorer.name, scorer, parameters),
    ]


def refuse_dependents(
    registry: Registry, source: ResolvedSegmentation, transforms: Sequence[Transform]
) -> None:
    """Before anything is fitted, inside `reading()`: can the published views take the columns that they will get?

    Raises
    ------
    WarehouseError : something of somebody else's depends on one that cannot.
    """
    run = {"segmentation": source.name, "run_id": 0, "config": source.settings.model_dump_json()}
    # Columns and parameters are the same for any model of these transforms.
    model = Model(tuple(transforms), (1,), np.zeros((1, len(transforms))), np.zeros(1))
    if source.settings.partition_by is not None:
        model = Model.together(source.settings.partition_by, {"": model})
    published = PublishedModel(run, model, {1: ""}, source.relation)
    registry.warehouse.refuse_dependents(
        [*_run_views(registry, published, source.key), *_model_views(registry, published, source.key)]
    )


def _view(registry: Registry, name: str, select: SelectBase, said: ViewComments) -> Replacement:
    columns = [column.name for column in select.selected_columns]
    create = CreateAs("view", name, select, schema=registry.schema, comments=said)
    return Replacement("view", registry.schema, name, create, columns)


def _replace(registry: Registry, replacements: Sequence[Replacement]) -> None:
    """Replace the views and functions, and say what they are."""
    registry.warehouse.replace_each(replacements)
    for replacement in replacements:
        if isinstance(create := replacement.statement, CreateAs) and create.comments is not None:
            comment_on_view(registry.warehouse, replacement, create.comments)


def comment_on_view(warehouse: Warehouse, view: Replacement, said: ViewComments) -> None:
    """Comment on a view and its columns, unless the statement that makes it does."""
    if not warehouse.dialect.inline_comments:
        columns = view.columns if warehouse.comments_on_view_columns else ()
        warehouse.execute_each(comments.statements(view.schema, view.name, columns, said))


def _can_stay(registry: Registry, view: Replacement) -> bool:
    """Whether the view can stay, if replacing it would disturb: as long as its columns are the same."""
    if not registry.warehouse.replacing_views_disturbs:
        return False
    columns = [column.name for column in registry.warehouse.columns_of(registry.schema, view.name)]
    return columns == list(view.columns)
