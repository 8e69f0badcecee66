"""`segjob show`: one run's whole evidence, read from the published tables."""

from __future__ import annotations

from segjob.registry.registry import Registry
from segjob.registry.runs import PublishedRun


def show(
    registry: Registry, run_id: int | None, segmentation: str | None, partition: str | None = None
) -> PublishedRun:
    """The run of that number, or the current one; of one partition, if asked.

    Raises
    ------
    ConfigError : there are several segmentations and none is named.
    DataError : there is no such run, or the run has no such partition.
    """
    with registry.warehouse.reading():
        run = registry.load_run(registry.pick_run(run_id=run_id, segmentation=segmentation))
    return run if partition is None else run.of_partition(partition)
