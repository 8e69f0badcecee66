"""Second to fourth stage: the rows, the number of segments and the model of each partition."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from segjob.config import FitSettings, Segmentation
from segjob.core.cluster.lloyd import DECIMALS, Pass, Refined, moved_by
from segjob.core.model import FitRows, Floats, Model, Transform
from segjob.core.number_format import passes_over_rows
from segjob.core.select_k.evidence import gather
from segjob.core.select_k.warnings import warnings
from segjob.errors import DataError
from segjob.pipeline.choose_k import KSelection, select
from segjob.pipeline.fit_kmeans import FittedModel, described, farthest, refine_in_memory
from segjob.pipeline.measure import Dataset
from segjob.pipeline.partitions.measure import UNFIT, PartitionedRows, Refusal
from segjob.pipeline.progress import Progress
from segjob.pipeline.worker import in_processes
from segjob.statements import partitions as statements
from segjob.statements.relation import Relation
from segjob.warehouse.base import Warehouse

MOST_FIT_ROWS = 500_000
"""In memory, of all partitions together; each gets an equal part."""
_FEWEST_FIT_ROWS = 2_000
_OVERSAMPLED = 1.1


@dataclass(frozen=True)
class FittedPartition:
    """A partition with what k rests on, its model, whose segments are numbered by size, and what to point out."""

    dataset: Dataset
    selection: KSelection
    fitted: FittedModel
    warnings: tuple[str, ...]


def read_partitions(
    warehouse: Warehouse, rows: PartitionedRows, settings: FitSettings, progress: Progress
) -> dict[str, FitRows]:
    """The fit rows of every partition by one statement: all of its rows, or a repeatable sample of them."""
    with progress.phase("reading fit rows", warehouse.ledger) as phase:
        most = max(_FEWEST_FIT_ROWS, MOST_FIT_ROWS // len(rows.parts))
        kept = {value: part.counts.kept for value, part in rows.parts.items()}
        quotas = {
            value: n if n <= min(settings.all_rows, most) else min(settings.sample_rows, most)
            for value, n in kept.items()
        }
        shares = [
            1.0 if quotas[value] >= n else min(1.0, _OVERSAMPLED * quotas[value] / n)
            for value, n in kept.items()
        ]
        relation, seed = rows.dataset.relation, rows.dataset.settings.seed
        columns = warehouse.arrays(statements.fit_rows(relation, _without_segments(rows), shares, seed))
        read = {
            value: _of_partition(columns, place, quotas[value], part)
            for place, (value, part) in enumerate(rows.parts.items())
        }
        phase.rows = len(columns["weight"])
        phase.note = f"at most {most:,} of each"
    return read


def _without_segments(rows: PartitionedRows) -> Model:
    none = np.empty((0, len(rows.dataset.transforms)))
    return Model.together(
        rows.column,
        {value: Model(part.transforms, (), none, none[:, 0]) for value, part in rows.parts.items()},
    )


def _of_partition(columns: Mapping[str, Floats], place: int, quota: int, part: Dataset) -> FitRows:
    """The rows of one, in an order of their own; the first ones by chance if they are too many."""
    own = np.flatnonzero(columns["place"] == place)
    own = own[np.argsort(columns["chance"][own], kind="stable")]
    if quota < part.counts.kept:
        own = own[:quota]
    values = np.column_stack([columns[f"x{j}"][own] for j in range(len(part.transforms))])
    weights = columns["weight"][own]
    order = np.lexsort((weights, *values.T[::-1]))
    return FitRows(
        values=np.ascontiguousarray(values[order]),
        weights=weights[order],
        method="sample" if quota < part.counts.kept else "all_rows",
        total_weight=part.counts.weight,
    )


@dataclass(frozen=True)
class _Task:
    """What another process needs to choose k for a partition, and to fit it if all of its rows are in memory."""

    settings: Segmentation
    transforms: tuple[Transform, ...]
    rows: FitRows
    previous_k: int | None


@dataclass(frozen=True)
class _Answer:
    """selection : None if there is a problem; fitted : None if passes in the warehouse have yet to refine it."""

    selection: KSelection | None = None
    fitted: FittedModel | None = None
    problem: str | None = None


def _answer(task: _Task) -> _Answer:
    try:
        selection = select(
            task.settings,
            task.transforms,
            task.rows,
            gather,
            task.previous_k,
        )
    except DataError as problem:
        return _Answer(problem=problem.message)
    if selection.decision.k is None:
        return _Answer(problem=selection.decision.reason)
    if task.rows.method == "sample":
        return _Answer(selection)
    refined, squared = refine_in_memory(task.rows, selection.start)
    return _Answer(selection, described(task.transforms, task.settings.seed, task.rows, refined, squared, 0))


def fit_partitions(
    warehouse: Warehouse,
    settings: FitSettings,
    rows: PartitionedRows,
    fit_rows: Mapping[str, FitRows],
    previous: Mapping[str, int],
    progress: Progress,
) -> tuple[dict[str, FittedPartition], list[Refusal]]:
    """Choose k for each partition and fit it; those in which no segments are found are refused.

    Parameters
    ----------
    previous : by partition, segments of the current run.
    """
    values = sorted(rows.parts, key=lambda value: -len(fit_rows[value].values))
    tasks = [
        _Task(rows.dataset.settings, rows.parts[value].transforms, fit_rows[value], previous.get(value))
        for value in values
    ]
    with progress.phase("choosing k") as phase:
        answers = dict(zip(values, in_processes(_answer, tasks), strict=True))
        phase.note = f"in {len(values)} partitions"
    refusals = [
        Refusal(value, part.counts.kept, UNFIT, str(answers[value].problem))
        for value, part in rows.parts.items()
        if answers[value].selection is None
    ]
    selections = {value: one for value in rows.parts if (one := answers[value].selection) is not None}
    with progress.phase("fitting", warehouse.ledger) as phase:
        fitted = {value: model for value in rows.parts if (model := answers[value].fitted) is not None}
        sampled = {value: one for value, one in selections.items() if value not in fitted}
        fitted |= _refine(warehouse, settings, rows, fit_rows, sampled)
        passes = max((one.passes for one in fitted.values()), default=0)
        phase.note = passes_over_rows(passes) if passes else "on all rows"
    return {
        value: FittedPartition(
            rows.parts[value],
            selection,
            fitted[value],
            tuple(warnings(selection.sweep, selection.decision, rows.parts[value].transforms)),
        )
        for value, selection in selections.items()
    }, refusals


def _refine(
    warehouse: Warehouse,
    settings: FitSettings,
    rows: PartitionedRows,
    fit_rows: Mapping[str, FitRows],
    selections: Mapping[str, KSelection],
) -> dict[str, FittedModel]:
    """Lloyd's iteration of several partitions side by side: each pass is one scan for all that still move."""
    relation, column = rows.dataset.relation, rows.column
    transforms = {value: rows.parts[value].transforms for value in selections}
    current = {value: np.round(one.start, DECIMALS) for value, one in selections.items()}
    refined: dict[str, Refined] = {}
    most = max(settings.max_passes, 1)
    for number in range(1, most + 1):
        moving = {value: centroids for value, centroids in current.items() if value not in refined}
        if not moving:
            break
        for value, last in one_pass(warehouse, relation, column, transforms, moving).items():
            seeds = functools.partial(farthest, fit_rows[value])
            current[value], shift, is_full = moved_by(last, moving[value], seeds)
            is_at_rest = shift <= settings.tolerance and is_full
            if is_at_rest or number == most:
                refined[value] = Refined(current[value], last, number, is_at_rest, shift)
    squared: dict[str, Floats] = {}
    if refined and relation.row_weight is not None:
        ends = {value: one.centroids for value, one in refined.items()}
        last_passes = one_pass(warehouse, relation, column, transforms, ends)
        squared = {value: last.squared for value, last in last_passes.items()}
    seed = rows.dataset.settings.seed
    tasks = [
        (transforms[value], seed, fit_rows[value], one, squared.get(value), one.passes)
        for value, one in refined.items()
    ]
    return dict(zip(refined, in_processes(_described, tasks), strict=True))


def _described(
    task: tuple[tuple[Transform, ...], int, FitRows, Refined, Floats | None, int],
) -> FittedModel:
    return described(*task)


def one_pass(
    warehouse: Warehouse,
    relation: Relation,
    column: str,
    transforms: Mapping[str, tuple[Transform, ...]],
    centroids: Mapping[str, Floats],
) -> dict[str, Pass]:
    """One Lloyd pass over all rows of several partitions."""
    models, first = {}, 1
    for value, own in centroids.items():
        numbers = tuple(range(first, first + len(own)))
        models[value], first = Model(transforms[value], numbers, own, np.zeros(len(own))), first + len(own)
    statement = statements.lloyd_pass(relation, Model.together(column, models))
    found = {int(row["segment_id"]): row for row in warehouse.records(statement)}

    def of(model: Model, names: Sequence[str]) -> Floats:
        return np.array(
            [[float(found[i][name]) if i in found else 0.0 for name in names] for i in model.segment_ids]
        )

    d = len(next(iter(models.values())).transforms)
    return {
        value: Pass(
            rows=of(model, ["rows"])[:, 0],
            weight=of(model, ["weight"])[:, 0],
            sums=of(model, [f"sum{j}" for j in range(d)]),
            squared=of(model, ["squared"])[:, 0],
            distance=of(model, ["distance"])[:, 0],
        )
        for value, model in models.items()
    }
