"""`segjob rollback`: an earlier run becomes the current one again; a second time undoes it."""

from __future__ import annotations

import sqlalchemy as sa

from segjob.errors import DataError
from segjob.pipeline.profile import analysts_names
from segjob.registry.movements import has_history
from segjob.registry.registry import Registry, the_only_segmentation
from segjob.registry.runs import REFUSED, Record
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
        own = sa.and_(runs.c.segmentation == target["segmentation"], runs.c.status != REFUSED)
        line = _line_of(registry, target)
        warehouse.execute(sa.update(runs).where(own, runs.c.run_id.not_in(line)).values(status="rolled_back"))
        warehouse.execute(sa.update(runs).where(own, runs.c.run_id.in_(line)).values(status="published"))
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


def _line_of(registry: Registry, target: Record) -> list[int]:
    """The run, the one that was current before it was published, the one before that, and so on.

    Only these are in use: what changed since an earlier run is what their movements say, one after the other.
    """
    lineage, runs = registry.table("lineage"), registry.runs(str(target["segmentation"]))
    before = {row["run_id"]: row["previous_run_id"] for row in registry.rows(lineage)}
    line, numbers = [int(target["run_id"])], sorted(run["run_id"] for run in runs)
    while True:
        older = [number for number in numbers if number < line[-1]]
        # Runs of the first versions have no lineage.
        previous = before.get(line[-1], older[-1] if older else None)
        if previous is None:
            break
        line.append(int(previous))
    return line


def _refuse_pruned(registry: Registry, target: Record) -> None:
    history = registry.history(target["segmentation"], registry.key_column(target))
    if not has_history(registry, target, history):
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
