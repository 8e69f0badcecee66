"""A run's audience: who is in which segment, who of them is held out, and since when."""

from __future__ import annotations

from sqlalchemy.sql.selectable import SelectBase

from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.runs import settings_of
from segjob.statements.published import views
from segjob.warehouse.base import Column


def holdout_share(published: PublishedModel) -> float | None:
    """The share that the run holds out of every segment; None if it holds out nobody."""
    return settings_of(published.run).holdout_share


def audience_of(registry: Registry, published: PublishedModel, key: Column | None = None) -> SelectBase:
    """The select of view `<s>_audience`.

    Parameters
    ----------
    key : the key column, if it is known; else the catalogue is asked.
    """
    name = str(published.run["segmentation"])
    key = key or registry.key_column(published.run)
    history, movements = registry.history(name, key), registry.movements(name, key)
    share = holdout_share(published)
    return views.audience(registry.tables, history, movements, name, key.name, share)
