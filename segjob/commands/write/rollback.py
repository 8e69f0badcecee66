"""`segjob rollback`: an earlier run becomes the current one again; a second time undoes it."""

from __future__ import annotations

import sqlalchemy as sa

from segjob.errors import DataError
from segjob.pipeline.profile import analysts_names
from segjob.registry.registry import Registry, the_only_segmentation
from segjob.registry.runs import Record
from segjob.registry.schema import ensure_layout
from segjob.registry.views import point_at


def rollback(registry: Registry, run_id: int | None = None, segmentation: str | None = None) -> Record:
    """Make a run current, in one transaction; the run that is current afterwards.

    Parameters
    ----------
    run_id : the run to go to. None: the one before the current one; or, after a rollback, back to the newest.

    Raises
    ------
    ConfigError : there are several segmentations and neither a run nor one of them is named.
    DataError : there is no such run, or none to go back to, or its assignments were pruned.
    """
    warehouse, runs = registry.warehouse, registry.table("runs")
    with warehouse.writing():
        ensure_layout(registry)
        target = _target(registry.runs(segmentation), run_id, warehouse.label)
        _refuse_pruned(registry, target)
        own = runs.c.segmentation == target["segmentation"]
        later = sa.and_(own, runs.c.run_id > target["run_id"])
        warehouse.execute(sa.update(runs).where(later).values(status="rolled_back"))
        warehouse.execute(sa.update(runs).where(runs.c.run_id == target["run_id"]).values(status="published"))
        _rename(registry, target)
        point_at(registry, registry.load_model(target), registry.key_column(target))
    return target


def _target(runs: list[Record], run_id: int | None, label: str) -> Record:
    if not runs:
        raise DataError(f"there is no run in {label}", hint="publish one with `segjob run`")
    if run_id is not None:
        target = next((run for run in runs if run["run_id"] == run_id), None)
        if target is None:
            raise DataError(f"there is no run {run_id}", hint="see `segjob history`")
        if target["is_current"]:
            raise DataError(f"run {run_id} is the current one already")
        return target
    the_only_segmentation(runs)
    if runs[0]["status"] == "rolled_back":
        return runs[0]
    if len(runs) < 2:
        raise DataError(f"run {runs[0]['run_id']} is the only one", hint="there is nothing to go back to")
    return next((run for run in runs[1:] if run["status"] == "published"), runs[1])


def _refuse_pruned(registry: Registry, target: Record) -> None:
    history = registry.history(target["segmentation"], registry.key_column(target))
    rows = sa.select(sa.func.count()).where(history.c.run_id == target["run_id"])
    if registry.warehouse.scalar(rows) != target["rows_segmented"]:
        raise DataError(
            f"the assignments of run {target['run_id']} were pruned",
            hint="its evidence is kept (`segjob show`), but it cannot be current again",
        )


def _rename(registry: Registry, target: Record) -> None:
    """Names that analysts gave since the run was published hold for it too."""
    segments = registry.table("segments")
    for segment_id, names in analysts_names(registry, str(target["segmentation"])).items():
        registry.warehouse.execute(
            sa.update(segments)
            .where(segments.c.run_id == target["run_id"], segments.c.segment_id == segment_id)
            .values(name=names["name"], description=names["description"], named_by="analyst")
        )
