"""What publishing is, whatever is published: one transaction, in an order that leaves the current run whole."""

from __future__ import annotations

from collections.abc import Callable

from segjob.config import PublishSettings
from segjob.pipeline.measure import Dataset
from segjob.pipeline.progress import Progress
from segjob.pipeline.publishing.publication import Publication, begin, finish, insert_rows
from segjob.registry.models import PublishedModel
from segjob.registry.movements import relink
from segjob.registry.registry import Registry
from segjob.registry.retention import prune
from segjob.registry.runs import PublishedRun, Record
from segjob.registry.views import create_model_views, create_run_views


def in_one_transaction(
    registry: Registry,
    dataset: Dataset,
    settings: PublishSettings,
    progress: Progress,
    write: Callable[[Publication], PublishedRun],
) -> PublishedRun:
    """Let `write` write a run, and forget the assignments of runs beyond those to keep.

    Raises
    ------
    RelationChanged : the rows are not the ones that were measured.
    DataError : the segmentation was published with another key.
    """
    warehouse = registry.warehouse
    with progress.phase("publishing", warehouse.ledger) as phase, warehouse.writing():
        publication = begin(registry, dataset)
        published = write(publication)
        finish(registry, dataset.name, publication)
        relink(registry, dataset.key, published.run, publication.after)
        prune(registry, settings, dataset.name, dataset.key)
        phase.rows = dataset.counts.kept
    return published


def show(
    registry: Registry, publication: Publication, dataset: Dataset, model: PublishedModel, run: Record
) -> None:
    """The last step of `write`: the run's row in `runs`, after all that it speaks of, and the views on it."""
    if publication.after is None:
        create_run_views(registry, model, dataset.key)
    # On an engine without transactions this row publishes the run: nothing of it is visible before.
    registry.warehouse.refuse_lost_lock()
    insert_rows(registry, publication.run_id, {"runs": [run]})
    if publication.after is None:
        create_model_views(registry, model, dataset.key)
