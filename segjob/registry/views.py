"""What a published run serves: the views that read it and the function that scores with it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.sql.selectable import SelectBase

from segjob.registry.models import Published
from segjob.registry.runs import Record
from segjob.statements import scoring
from segjob.statements.published import views
from segjob.statements.published.tables import PublishedTables
from segjob.statements.sql.ddl import CreateAs, CreateScorer
from segjob.warehouse.base import Column, Warehouse


def serve(warehouse: Warehouse, contract: PublishedTables, published: Published, key: Column) -> None:
    """Point a segmentation's own views and function at a run, inside the caller's transaction."""
    follow(warehouse, contract, published, key)
    carry(warehouse, contract, published)


def follow(warehouse: Warehouse, contract: PublishedTables, published: Published, key: Column) -> None:
    """The views that show whichever run is published, by themselves."""
    name = str(published.run["segmentation"])
    history = contract.history(name, key.name, key.type)
    features = [transform.feature for transform in published.model.transforms]
    selects = {
        name: views.current_assignment(contract, history, name, key.name),
        f"{name}_profile": views.wide_profile(contract, name, features),
    }
    warehouse.execute_each(
        [
            CreateAs("view", view, select, schema=contract.schema)
            for view, select in selects.items()
            if not _is_served(warehouse, contract, view, select)
        ]
    )


def carry(warehouse: Warehouse, contract: PublishedTables, published: Published) -> None:
    """The view and the function that hold the model itself."""
    name = str(published.run["segmentation"])
    select = scoring.scores(published.relation, published.model, published.names)
    warehouse.execute_each(
        [
            CreateAs("view", f"{name}_scores", select, schema=contract.schema),
            CreateScorer(f"{name}_segment", published.model, schema=contract.schema),
        ]
    )


def _is_served(warehouse: Warehouse, contract: PublishedTables, view: str, select: SelectBase) -> bool:
    """Whether the view can stay, where replacing it would disturb: as long as its columns are the same."""
    if not warehouse.replacing_views_disturbs:
        return False
    there = [column.name for column in warehouse.columns_of(contract.schema, view)]
    return there == [column.name for column in select.selected_columns]


def key_column(warehouse: Warehouse, contract: PublishedTables, run: Record) -> Column:
    """The key column as the run's history has it."""
    columns = warehouse.columns_of(contract.schema, f"{run['segmentation']}_history")
    return next(column for column in columns if column.name == run["key_column"])


def history_of(warehouse: Warehouse, contract: PublishedTables, run: Record) -> sa.Table:
    """The table that holds the run's assignments."""
    key = key_column(warehouse, contract, run)
    return contract.history(str(run["segmentation"]), key.name, key.type)
