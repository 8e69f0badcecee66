"""What `segjob init` proposes to segment: a relation with a key and numbers that passes `check`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from segjob.commands.setup.check import check_all
from segjob.config import FitSettings, Segmentation
from segjob.errors import SegjobError
from segjob.pipeline.progress import Progress
from segjob.registry.registry import Registry
from segjob.registry.relations import split_name
from segjob.statements.relation import named
from segjob.warehouse.base import Column
from segjob.warehouse.dbt_manifest import DbtModel

MOST_FEATURES, MOST_RELATIONS = 6, 200
"""Of a proposal; and how many relations are looked at, the best names first."""
_NAMES = (
    r"customer_?features?",
    r"features?_customers?",
    r"(dim_|fct_)?(customer|client|user|shopper|member|account)s?",
)
"""Names of relations with a row per customer, the best first."""
_KEYS = (r"(customer|client|user|shopper|member|account|cust)_?(id|key|no|nr|number)", r"id", r"email")
_NO_FEATURE = re.compile(
    r"(^|_)(id|key|no|nr|number|zip|plz|postal|postcode|phone|year|month|day|row|version|lat|lon|latitude|longitude)s?$",
    re.IGNORECASE,
)
"""Numbers by which nobody is like anybody."""


def suggest(registry: Registry, models: Sequence[DbtModel]) -> dict[str, dict[str, Any]]:
    """Name -> settings of one segmentation that passes `check`, as a config file holds them; empty if none is found.

    models : of the dbt project, which are named in the place of their relations.
    """
    try:
        with registry.warehouse.reading(create=True):
            candidates = list(_candidates(registry, models))[:MOST_RELATIONS]
            proposals = [one for names in candidates if (one := _proposal(registry, names)) is not None]
        for name, settings in proposals:
            if _passes(registry, name, settings):
                settings.pop("relation" if "model" in settings else "model", None)
                return {name: settings}
    except SegjobError:
        return {}
    return {}


def _candidates(registry: Registry, models: Sequence[DbtModel]) -> list[tuple[str, str | None]]:
    """(relation, its dbt model) by how well the name fits; names that do not fit are left out, segjob's own too."""
    known = {model.relation: model.name for model in models}
    relations = [one.relation for one in models] if models else registry.warehouse.relations()
    ranked = []
    for relation in relations:
        schema, name = split_name(relation)
        fits = [rank for rank, pattern in enumerate(_NAMES) if re.fullmatch(pattern, name, re.IGNORECASE)]
        if fits and schema != registry.schema and not name.startswith(("stg_", "raw_", "base_", "int_")):
            ranked.append((fits[0], relation, known.get(relation)))
    return [(relation, model) for _, relation, model in sorted(ranked, key=lambda one: one[:2])]


def _proposal(registry: Registry, names: tuple[str, str | None]) -> tuple[str, dict[str, Any]] | None:
    """A name and settings for a relation with a unique key and columns of numbers."""
    relation, model = names
    schema, name = split_name(relation)
    columns = registry.warehouse.columns_of(schema or _schema(registry), name)
    key = next(
        (column for pattern in _KEYS for column in columns if re.fullmatch(pattern, column.name, re.I)), None
    )
    features = [c.name for c in columns if c.kind == "number" and c != key and not _NO_FEATURE.search(c.name)]
    if key is None or not features:
        return None
    place = {"model": model, "relation": relation} if model else {"relation": relation}
    return name, {**place, "key": key.name, "features": _varied(registry, (schema, name), columns, features)}


def _schema(registry: Registry) -> str:
    return str(registry.warehouse.scalar(sa.select(sa.func.current_schema())))


def _varied(
    registry: Registry, place: tuple[str | None, str], columns: Sequence[Column], features: Sequence[str]
) -> list[str]:
    """The first few features that have more than one value."""
    source = sa.table(named(place[1]), *(sa.column(named(c.name)) for c in columns))
    source.schema = None if place[0] is None else named(place[0])
    limits = [
        (sa.func.min(source.c[one]) < sa.func.max(source.c[one])).label(f"c{number}")
        for number, one in enumerate(features)
    ]
    row = registry.warehouse.records(sa.select(*limits).select_from(source))[0]
    return [one for number, one in enumerate(features) if row[f"c{number}"]][:MOST_FEATURES]


def _passes(registry: Registry, name: str, settings: Mapping[str, Any]) -> bool:
    try:
        segmentation = Segmentation.model_validate(dict(settings))
        check_all(registry, {name: segmentation}, Progress(), FitSettings())
    except (SegjobError, ValueError):
        return False
    return True
