"""What is known of a run before anything is fitted, as rows: of a published run, and of one that is refused."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from segjob.pipeline.choose_k import KSelection
from segjob.pipeline.measure import Dataset
from segjob.registry.runs import Record

_LIBRARIES = ("duckdb", "sqlalchemy", "numpy", "scipy")


def run_row(started_at: datetime, dataset: Dataset, selection: KSelection, warnings: Sequence[str]) -> Record:
    """The row of table `runs`, without the run's number, its status, and what is known of a model."""
    settings, counts, decision = dataset.settings, dataset.counts, selection.decision
    algorithm = "kmeans" if settings.algorithm == "auto" else settings.algorithm
    return {
        "segmentation": dataset.name,
        "started_at": started_at,
        "published_at": datetime.now(UTC).replace(tzinfo=None),
        "relation": settings.relation,
        "key_column": dataset.key.name,
        "rows_read": counts.rows,
        "rows_segmented": counts.kept,
        "rows_excluded": counts.rows - counts.kept,
        "fit_rows": len(selection.sweep.points.values),
        "fit_method": selection.sweep.points.method,
        "k": decision.k,
        "k_rule": decision.rule,
        "k_outcome": decision.outcome,
        "k_reason": decision.reason,
        "structure": decision.structure,
        "seed": settings.seed,
        "config": settings.model_dump_json(),
        "versions": json.dumps(_versions()),
        "warnings": json.dumps(list(warnings)),
        "algorithm": algorithm if decision.start is None else decision.start.algorithm,
    }


def _versions() -> dict[str, str]:
    return {"segjob": version("segjob"), "python": platform.python_version()} | {
        name: version(name) for name in _LIBRARIES
    }


def vote_rows(selection: KSelection) -> list[Record]:
    """Rows of table `k_votes` without the run's number."""
    return [dataclasses.asdict(vote) for vote in selection.decision.votes]


def exclusion_rows(dataset: Dataset) -> list[Record]:
    """Rows of table `exclusions` without the run's number."""
    return [{"reason": e.reason, "column_name": e.column, "rows": e.rows} for e in dataset.counts.exclusions]


def sweep_rows(selection: KSelection, inertia: float | None) -> list[dict[str, Any]]:
    """Rows of table `sweeps` without the run's number.

    Parameters
    ----------
    inertia : of all rows for the published k; None if nothing is published or the sweep's algorithm did not make it.
    """
    rows, divisions = selection.sweep.points, {d.k: d for d in selection.decision.divisions}
    # A sample's inertia stands for all rows: scaled up by their weight, and marked as not exact. The published k's is
    # exact, unless another algorithm made the segments: the sweep is of k-means.
    upscale = rows.total_weight / rows.weights.sum()
    published = None if inertia is None else selection.decision.k
    return [
        {
            "k": fit.k,
            "inertia": inertia if fit.k == published else fit.inertia * upscale,
            "silhouette": fit.silhouette,
            "davies_bouldin": fit.davies_bouldin,
            "calinski_harabasz": fit.calinski_harabasz,
            "gap": selection.gaps.get(fit.k, (None, None))[0],
            "gap_se": selection.gaps.get(fit.k, (None, None))[1],
            "stability": selection.agreement.get(fit.k),
            "segment_stability": divisions[fit.k].stability,
            "explained_variance": divisions[fit.k].explained_variance,
            "smallest_share": fit.smallest_share,
            "largest_share": fit.largest_share,
            "fit_seconds": fit.seconds,
            "is_chosen": fit.k == selection.decision.k,
            "inertia_is_exact": rows.method != "sample" or fit.k == published,
            "fit_rows": len(rows.values),
            "silhouette_rows": selection.sweep.silhouette_rows,
        }
        for fit in selection.sweep.fits
    ]
