"""`segjob rollback`: an earlier run becomes the current one again; a second time undoes it."""

from __future__ import annotations

import sqlalchemy as sa

from segjob.errors import ConfigError, DataError
from segjob.pipeline.profile import given_names
from segjob.registry.models import load
from segjob.registry.runs import Record, list_runs
from segjob.registry.schema import ensure_layout
from segjob.registry.views import history_of, key_column, serve
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse


def rollback(
    warehouse: Warehouse,
    contract: PublishedTables,
    *,
    run_id: int | None = None,
    segmentation: str | None = None,
) -> Record:
    """Make a run current, in one transaction; the run that is current afterwards.

    Parameters
    ----------
    run_id : the run to go to. None: the one before the current one; or, after a rollback, back to the newest.

    Raises
    ------
    ConfigError : there are several segmentations and neither a run nor one of them is named.
    DataError : there is no such run, or none to go back to, or its assignments were pruned.
    """
    with warehouse.writing():
        ensure_layout(warehouse, contract)
        runs = list_runs(warehouse, contract, segmentation)
        target = _target(runs, run_id, warehouse.label)
        _refuse_pruned(warehouse, contract, target)
        table = contract.table("runs")
        own = table.c.segmentation == target["segmentation"]
        later = sa.and_(own, table.c.run_id > target["run_id"])
        warehouse.execute(sa.update(table).where(later).values(status="rolled_back"))
        warehouse.execute(
            sa.update(table).where(table.c.run_id == target["run_id"]).values(status="published")
        )
        _rename(warehouse, contract, target)
        published = load(warehouse, contract, target)
        serve(warehouse, contract, published, key_column(warehouse, contract, target))
    return target


def _target(runs: list[Record], run_id: int | None, label: str) -> Record:
    if not runs:
        raise DataError(f"there is no run in {label}", hint="publish one with `segjob run`")
    if run_id is not None:
        found = next((run for run in runs if run["run_id"] == run_id), None)
        if found is None:
            raise DataError(f"there is no run {run_id}", hint="see `segjob history`")
        if found["is_current"]:
            raise DataError(f"run {run_id} is the current one already")
        return found
    names = sorted({run["segmentation"] for run in runs})
    if len(names) > 1:
        raise ConfigError(f"there are {len(names)} segmentations", hint=f"--segmentation {' | '.join(names)}")
    if runs[0]["status"] == "rolled_back":
        return runs[0]
    if len(runs) < 2:
        raise DataError(f"run {runs[0]['run_id']} is the only one", hint="there is nothing to go back to")
    return next((run for run in runs[1:] if run["status"] == "published"), runs[1])


def _refuse_pruned(warehouse: Warehouse, contract: PublishedTables, target: Record) -> None:
    history = history_of(warehouse, contract, target)
    kept = warehouse.scalar(sa.select(sa.func.count()).where(history.c.run_id == target["run_id"]))
    if kept != target["rows_segmented"]:
        raise DataError(
            f"the assignments of run {target['run_id']} were pruned",
            hint="its evidence is kept (`segjob show`), but it cannot be current again",
        )


def _rename(warehouse: Warehouse, contract: PublishedTables, target: Record) -> None:
    """Names that analysts gave since the run was published hold for it too."""
    segments = contract.table("segments")
    for segment_id, given in given_names(warehouse, contract, str(target["segmentation"])).items():
        warehouse.execute(
            sa.update(segments)
            .where(segments.c.run_id == target["run_id"], segments.c.segment_id == segment_id)
            .values(name=given["name"], description=given["description"], named_by="analyst")
        )
