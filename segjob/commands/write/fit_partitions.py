"""`segjob run` with partition_by: the stages of a run, each for all values of the column at once."""

from __future__ import annotations

from collections.abc import Mapping

from segjob.commands.write.previous import run_prepared_alike
from segjob.commands.write.publish_each import Job, RunResult
from segjob.config import Config
from segjob.errors import NoSegmentation
from segjob.pipeline.partitions.fit import fit_partitions, read_partitions
from segjob.pipeline.partitions.measure import measure_partitions, named, warn
from segjob.pipeline.partitions.publish import PartitionedDraft, publish_partitions
from segjob.pipeline.profile import actions_of
from segjob.pipeline.progress import Progress
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.views import refuse_dependents


def fit_each_partition(
    registry: Registry, config: Config, progress: Progress, source: ResolvedSegmentation
) -> RunResult:
    """Fit a model per value of the column and publish them as one run.

    Raises
    ------
    SegjobError : see `segjob.errors`; the warehouse is as it was.
    """
    job = Job.begin(registry, progress)
    warehouse = registry.warehouse
    with warehouse.reading():
        rows = measure_partitions(warehouse, source, progress)
        refuse_dependents(registry, source, rows.dataset.transforms)
        fit_rows = read_partitions(warehouse, rows, config.fit, progress)
        previous = _previous_ks(registry, source)
        fitted, refusals = fit_partitions(warehouse, config.fit, rows, fit_rows, previous, progress)
        if not fitted:
            raise NoSegmentation(
                f"no number of segments was found for any {rows.column}: {named(refusals)}",
                hint="nothing was published and the current run stays; --allow-one publishes a single segment for "
                "each, --k fixes another number, --rule and --k-range look elsewhere",
            )
        warn(progress, source, refusals)
        _point_out(progress, rows.column, {value: part.warnings for value, part in fitted.items()})
        draft = PartitionedDraft(
            job.started_at, rows.without(refusals), fitted, actions_of(config), job.warnings()
        )
        published = publish_partitions(registry, draft, config.publish, progress)
    return job.result(published, {})


def _point_out(progress: Progress, column: str, warnings: Mapping[str, tuple[str, ...]]) -> None:
    """Where there is something to point out about a partition; what, stands in table partitions."""
    with_some = [value for value, own in warnings.items() if own]
    if len(with_some) == 1:
        for text in warnings[with_some[0]]:
            progress.warn(f"{column} {with_some[0]}: {text}")
    elif with_some:
        progress.warn(
            f"{len(with_some)} values of {column} have warnings, such as {with_some[0]}: "
            f"{warnings[with_some[0]][0]}; all of them are in table partitions"
        )


def _previous_ks(registry: Registry, source: ResolvedSegmentation) -> dict[str, int]:
    """By partition, how many segments the current run chose for the same features."""
    run = run_prepared_alike(registry, source)
    if run is None:
        return {}
    table = registry.table("partitions")
    rows = registry.rows(table, table.c.run_id == run["fit_run_id"])
    return {
        row["partition"]: int(row["k"])
        for row in rows
        if row["k"] is not None and row["k"] > 1 and row["k_outcome"] != "fixed"
    }
