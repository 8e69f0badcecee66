"""`segjob compare`: other algorithms on the published run's rows and features, and whether one is worth a change."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from segjob.config import FitSettings, Segmentation
from segjob.core.compare.comparison import PUBLISHED, Comparison
from segjob.core.compare.comparison import compare as compared
from segjob.core.compare.verdict import RULE, Verdict, judge
from segjob.core.model import FitRows, Labels, Model
from segjob.core.segments.score import places
from segjob.errors import DataError
from segjob.pipeline.measure import Prepared, fit_rows, measure, snapshot
from segjob.pipeline.progress import Progress
from segjob.registry.models import Published, load
from segjob.registry.relations import resolve
from segjob.registry.runs import Record, pick_run
from segjob.registry.schema import ensure_layout
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse

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
        ran = [found for found in self.comparisons if found.skipped is None]
        return {
            "segmentation": self.run["segmentation"],
            "run_id": self.run["run_id"],
            "comparisons": [{**_row(found), "parameters": dict(found.parameters)} for found in ran],
            "skipped": [
                {"algorithm": found.algorithm, "reason": found.skipped}
                for found in self.comparisons
                if found.skipped is not None
            ],
            "verdict": {**vars(self.verdict), "rule": RULE},
        }


def compare(
    warehouse: Warehouse,
    contract: PublishedTables,
    settings: FitSettings,
    segmentation: str | None,
    progress: Progress,
) -> Compared:
    """Compare, and replace the run's rows of table `comparisons` in one transaction.

    The warehouse is closed while the algorithms run: somebody else may write to it meanwhile.

    Raises
    ------
    DataError : the relation is gone, or has no row that the published model can score.
    """
    with warehouse.reading():
        run = pick_run(warehouse, contract, segmentation=segmentation)
        with progress.phase("reading fit rows", warehouse.ledger) as phase:
            model = load(warehouse, contract, run)
            points, labels = published_rows(warehouse, model, settings)
            phase.rows, phase.note = len(points.values), points.method
        is_kmeans = run["algorithm"] in (None, PUBLISHED)
        seconds = _fit_seconds(warehouse, contract, run) if is_kmeans else None
    with progress.phase("comparing") as phase:
        own = str(run["algorithm"] or PUBLISHED)
        published, *others = compared(points, labels, int(run["k"]), int(run["seed"]), algorithm=own)
        published = dataclasses.replace(published, fit_seconds=seconds)
        found = (published, *others)
        phase.rows = len(published.rows)
    for one in others:
        if one.skipped is not None:
            progress.warn(f"{one.algorithm} is left out: {one.skipped}")
    verdict = judge(found)
    with progress.phase("publishing", warehouse.ledger), warehouse.writing():
        ensure_layout(warehouse, contract)
        table = contract.table("comparisons")
        drawn = drawings(found, points, model.model)
        rows = [
            {"run_id": run["run_id"], **_row(one), "advice": None, "drawn": json.dumps(drawn[one.algorithm])}
            for one in found
            if one.skipped is None
        ]
        rows[0]["advice"] = verdict.text
        warehouse.execute(sa.delete(table).where(table.c.run_id == run["run_id"]))
        warehouse.execute(sa.insert(table).values(rows))
    return Compared(run, points, found, verdict)


def drawings(found: Sequence[Comparison], points: FitRows, model: Model) -> dict[str, dict[str, Any]]:
    """Algorithm -> what a map of it shows: every n-th of the compared rows, the same for all.

    cluster : the segment whose number it has been given, or the next free number; None for noise. scaled : of the
    published segments, where the rows are, by feature.
    """
    rows = found[0].rows
    most = max(1, min(MAPPED_ROWS, MAPPED_VALUES // max(len(model.transforms), 1)))
    picked = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))
    ids, free = model.segment_ids, max(model.segment_ids) + 1

    def number(label: int) -> int | None:
        return None if label < 0 else ids[label] if label < len(ids) else free + label - len(ids)

    drawn: dict[str, dict[str, Any]] = {
        one.algorithm: {"cluster": [number(int(label)) for label in one.labels[picked]]} for one in found
    }
    places = points.values[rows[picked]]
    drawn[found[0].algorithm]["scaled"] = {
        transform.feature: [float(f"{value:.6g}") for value in places[:, j]]
        for j, transform in enumerate(model.transforms)
    }
    return drawn


def published_rows(
    warehouse: Warehouse, published: Published, settings: FitSettings
) -> tuple[FitRows, Labels]:
    """Today's fit rows of a run's relation by the run's own transforms, and the segment of each, numbered 0..k-1.

    Raises
    ------
    DataError : the relation is gone, or has no row that the published model can score.
    """
    wanted = Segmentation.model_validate_json(published.run["config"])
    resolved = resolve(warehouse, str(published.run["segmentation"]), wanted)
    relation = snapshot(warehouse, resolved)
    measured = measure(warehouse, resolved, relation)
    prepared = Prepared(resolved, relation, measured, published.model.transforms)
    points = fit_rows(warehouse, prepared, settings, int(published.run["seed"]))
    if not len(points.values):
        raise DataError(
            f"run {published.run['run_id']} can score no row of {published.run['relation']} as it is today",
            hint="see `segjob health`",
        )
    blocks = range(0, len(points.values), _BLOCK)
    labels = [places(points.values[i : i + _BLOCK], published.model) for i in blocks]
    return points, np.concatenate(labels)


def _fit_seconds(warehouse: Warehouse, contract: PublishedTables, run: Record) -> float | None:
    sweeps = contract.table("sweeps")
    chosen = sa.select(sweeps.c.fit_seconds).where(sweeps.c.run_id == run["run_id"], sweeps.c.is_chosen)
    return next((row["fit_seconds"] for row in warehouse.records(chosen)), None)


def _row(found: Comparison) -> dict[str, Any]:
    return {
        "algorithm": found.algorithm,
        "parameters": json.dumps(dict(found.parameters)),
        "clusters": found.clusters,
        "noise_share": found.noise_share,
        **{name: getattr(found, name) for name in _FIGURES},
    }
