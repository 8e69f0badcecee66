"""The run before, where its choice of k still means something for the next."""

from __future__ import annotations

from segjob.config import Feature, Segmentation
from segjob.errors import WarehouseError
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.runs import Record, settings_of


def run_prepared_alike(registry: Registry, source: ResolvedSegmentation) -> Record | None:
    """The current run, if it and the next one choose k, and prepare the same features alike; else None."""
    if source.settings.k != "auto":
        return None
    run = registry.current_run(source.name)
    if run is None:
        return None
    try:
        before = settings_of(run)
    except WarehouseError:  # somebody changed them; this run replaces it
        return None
    return run if _prepared_alike(before, source.settings) else None


def _prepared_alike(first: Segmentation, second: Segmentation) -> bool:
    """Whether two settings of a segmentation prepare the same features alike, whatever order and words they have."""

    def preparation(settings: Segmentation) -> tuple[object, ...]:
        features = {
            feature.column: feature.model_dump(exclude=set(Feature.WORDS)) for feature in settings.features
        }
        return settings.scale, settings.row_weight, settings.partition_by, features

    return preparation(first) == preparation(second)
