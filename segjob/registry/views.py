"""The published views of a segmentation, and the function that scores with its model."""

from __future__ import annotations

from sqlalchemy.sql.selectable import SelectBase

from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.statements import scoring
from segjob.statements.published import views
from segjob.statements.sql.ddl import CreateAs, CreateScorer
from segjob.warehouse.base import Column, Replacement


def point_at(registry: Registry, published: PublishedModel, key: Column) -> None:
    """Point a segmentation's own views and function at a run, inside the caller's transaction."""
    create_run_views(registry, published, key)
    create_model_views(registry, published)


def create_run_views(registry: Registry, published: PublishedModel, key: Column) -> None:
    """The views that show whichever run is published, by themselves."""
    name = str(published.run["segmentation"])
    history = registry.history(name, key)
    features = [transform.feature for transform in published.model.transforms]
    selects = {
        name: views.current_assignment(registry.tables, history, name, key.name),
        f"{name}_profile": views.wide_profile(registry.tables, name, features),
    }
    registry.warehouse.replace_each(
        [
            _view(registry, view, select)
            for view, select in selects.items()
            if not _can_stay(registry, view, select)
        ]
    )


def create_model_views(registry: Registry, published: PublishedModel) -> None:
    """The view and the function that hold the model itself."""
    name = str(published.run["segmentation"])
    select = scoring.scores(published.relation, published.model, published.names)
    booleans = published.relation.booleans
    scorer = CreateScorer(f"{name}_segment", published.model, schema=registry.schema, booleans=booleans)
    registry.warehouse.replace_each(
        [
            _view(registry, f"{name}_scores", select),
            Replacement("function", registry.schema, scorer.name, scorer),
        ]
    )


def _view(registry: Registry, name: str, select: SelectBase) -> Replacement:
    columns = [column.name for column in select.selected_columns]
    create = CreateAs("view", name, select, schema=registry.schema)
    return Replacement("view", registry.schema, name, create, columns)


def _can_stay(registry: Registry, view: str, select: SelectBase) -> bool:
    """Whether the view can stay, if replacing it would disturb: as long as its columns are the same."""
    if not registry.warehouse.replacing_views_disturbs:
        return False
    columns = [column.name for column in registry.warehouse.columns_of(registry.schema, view)]
    return columns == [column.name for column in select.selected_columns]
