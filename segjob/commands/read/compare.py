"""`segjob compare`: other algorithms on the published run's rows and features, and whether one is worth a change."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from segjob.config import FitSettings
from segjob.core.compare.comparison import PUBLISHED, Comparison
from segjob.core.compare.comparison import compare as compared
from segjob.core.compare.verdict import RULE, Verdict, judge
from segjob.core.model import FitRows, Labels, Model
from segjob.core.segments.score import places
from segjob.errors import ConfigError, DataError
from segjob.pipeline.fit_rows import read_fit_rows
from segjob.pipeline.measure import Dataset, count_rows, snapshot
from segjob.pipeline.progress import Progress
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.runs import Record, settings_of
from segjob.registry.schema import ensure_layout

MAPPED_ROWS, MAPPED_VALUES = 250, 20_000
"""Rows, and coordinates of them, that are kept for the maps of a report, at most."""
_BLOCK = 10_000
_FIGURES = ("silhouette", "davies_bouldin", "calinski_harabasz", "agreement", "fit_seconds")


@dataclass(frozen=True)
class Compared:
    """The algorithms side by side, the published one first. Seconds of its fit are known of k-means alone.

    points : the rows they were compared on, in scaled units; `Comparison.rows` are numbers of these.
    """

    run: Record
    points: FitRows
    comparisons: Sequence[Comparison]
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        """The same as plain values, without the rows."""
        ran = [one for one in self.comparisons if one.skipped is None]
        return {
            "segmentation": self.run["segmentation"],
            "run_id": self.run["run_id"],
            "comparisons": [{**_row(one), "parameters": dict(one.parameters)} for one in ran],
            "skipped": [
                {"algorithm": one.algorithm, "reason": one.skipped}
                for one in self.comparisons
                if one.skipped is not None
            ],
            "verdict": {**vars(self.verdict), "rule": RULE},
        }


def compare(
    registry: Registry, settings: FitSettings, segmentation: str | None, progress: Progress
) -> Compared:
    """Compare, and replace the run's rows of table `comparisons` in one transaction.

    The warehouse is closed while the algorithms run: somebody else may write to it meanwhile.

    Raises
    ------
    DataError : the relation is gone, or has no row that the published model can score.
    """
    with registry.warehouse.reading():
        run = registry.pick_run(segmentation=segmentation)
        published = registry.load_model(run)
        if published.model.partitions is not None:
            raise ConfigError(
                f"compare takes one model, and run {run['run_id']} has one for each {run['partition_by']}",
                hint="compare a segmentation of one of them, by where",
            )
        rows, labels = published_rows(registry, published, settings, progress)
        seconds = _fit_seconds(registry, run)
    with progress.phase("comparing") as phase:
        own = str(run["algorithm"] or PUBLISHED)
        first, *others = compared(rows, labels, int(run["k"]), int(run["seed"]), algorithm=own)
        comparisons = (dataclasses.replace(first, fit_seconds=seconds), *others)
        phase.rows = len(first.rows)
    for one in others:
        if one.skipped is not None:
            progress.warn(f"{one.algorithm} is left out: {one.skipped}")
    result = Compared(run, rows, comparisons, judge(comparisons))
    with progress.phase("publishing", registry.warehouse.ledger), registry.warehouse.writing():
        _write(registry, result, published.model)
    return result


def _write(registry: Registry, result: Compared, model: Model) -> None:
    ensure_layout(registry)
    table, run_id = registry.table("comparisons"), result.run["run_id"]
    maps = maps_of(result.comparisons, result.points, model)
    records = [
        {"run_id": run_id, **_row(one), "advice": None, "drawn": json.dumps(maps[one.algorithm])}
        for one in result.comparisons
        if one.skipped is None
    ]
    records[0]["advice"] = result.verdict.text
    registry.warehouse.execute(sa.delete(table).where(table.c.run_id == run_id))
    registry.warehouse.execute(sa.insert(table).values(records))


def maps_of(comparisons: Sequence[Comparison], points: FitRows, model: Model) -> dict[str, dict[str, Any]]:
    """Algorithm -> what a map of it shows: every n-th of the compared rows, the same for all.

    cluster : the segment whose number it has been given, or the next free number; None for noise. scaled : of the
    published segments, where the rows are, by feature.
    """
    rows = comparisons[0].rows
    most = max(1, min(MAPPED_ROWS, MAPPED_VALUES // max(len(model.transforms), 1)))
    picked = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))
    ids, free = model.segment_ids, max(model.segment_ids) + 1

    def number(label: int) -> int | None:
        return None if label < 0 else ids[label] if label < len(ids) else free + label - len(ids)

    maps: dict[str, dict[str, Any]] = {
        one.algorithm: {"cluster": [number(int(label)) for label in one.labels[picked]]}
        for one in comparisons
    }
    values = points.values[rows[picked]]
    maps[comparisons[0].algorithm]["scaled"] = {
        transform.feature: [float(f"{value:.6g}") for value in values[:, j]]
        for j, transform in enumerate(model.transforms)
    }
    return maps


def published_rows(
    registry: Registry, published: PublishedModel, settings: FitSettings, progress: Progress
) -> tuple[FitRows, Labels]:
    """Today's fit rows of a run's relation by the run's own transforms, and the segment of each, numbered 0..k-1.

    Raises
    ------
    DataError : the relation is gone, or has no row that the published model can score.
    """
    run, warehouse = published.run, registry.warehouse
    with progress.phase("measuring", warehouse.ledger) as phase:
        configured = settings_of(run)
        source = registry.resolve(str(run["segmentation"]), configured)
        relation = snapshot(warehouse, source)
        counts = count_rows(warehouse, source, relation)
        dataset = Dataset(source, relation, counts, published.model.transforms)
        phase.rows = counts.rows
    rows = read_fit_rows(warehouse, dataset, settings, progress)
    if not len(rows.values):
        raise DataError(
            f"run {run['run_id']} can score no row of {run['relation']} as it is today",
            hint="see `segjob health`",
        )
    blocks = range(0, len(rows.values), _BLOCK)
    labels = [places(rows.values[i : i + _BLOCK], published.model) for i in blocks]
    return rows, np.concatenate(labels)


def _fit_seconds(registry: Registry, run: Record) -> float | None:
    """Seconds of the published fit; None if it was not k-means, which the sweep times."""
    if run["algorithm"] not in (None, PUBLISHED):
        return None
    sweeps = registry.table("sweeps")
    chosen = sa.select(sweeps.c.fit_seconds).where(sweeps.c.run_id == run["fit_run_id"], sweeps.c.is_chosen)
    return next((row["fit_seconds"] for row in registry.warehouse.records(chosen)), None)


def _row(one: Comparison) -> Record:
    return {
        "algorithm": one.algorithm,
        "parameters": json.dumps(dict(one.parameters)),
        "clusters": one.clusters,
        "noise_share": one.noise_share,
        **{name: getattr(one, name) for name in _FIGURES},
    }
