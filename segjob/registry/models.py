"""A published run back from its rows: the model that scores, without anything but the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segjob.core.model import Model, Transform
from segjob.registry.mixtures import gaussians_of
from segjob.registry.relations import locate
from segjob.registry.runs import Record, rows_of
from segjob.statements.published.tables import PublishedTables
from segjob.statements.relation import Relation
from segjob.warehouse.base import Warehouse


@dataclass(frozen=True)
class Published:
    """A published model, its segments' names, and the relation that it scores."""

    run: Record
    model: Model
    names: Mapping[int, str]
    relation: Relation


def load(warehouse: Warehouse, contract: PublishedTables, run: Record) -> Published:
    """The model of a run."""
    order = {"transforms": ["position"], "segments": ["segment_id"], "centroids": [], "covariances": []}
    rows = rows_of(warehouse, contract, run, order)
    transforms = tuple(
        Transform(**{name: row[name] for name in Transform.__dataclass_fields__})
        for row in rows["transforms"]
    )
    segments = rows["segments"]
    value = {(row["segment_id"], row["feature"]): row["scaled_value"] for row in rows["centroids"]}
    ids = tuple(row["segment_id"] for row in segments)
    schema, name = locate(warehouse, run["relation"])
    return Published(
        run=run,
        model=Model(
            transforms=transforms,
            segment_ids=ids,
            centroids=np.array([[value[segment, t.feature] for t in transforms] for segment in ids]),
            outlier_distance=np.array([row["outlier_distance"] for row in segments]),
            gaussians=gaussians_of(segments, rows["covariances"], [t.feature for t in transforms]),
        ),
        names={row["segment_id"]: row["name"] for row in segments},
        relation=Relation(name=name, schema=schema, key=run["key_column"]),
    )
