"""Everything a run found -> the tables and views, inside the caller's one transaction."""

from __future__ import annotations

import dataclasses
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import sqlalchemy as sa

from segjob.core import describe
from segjob.core.choose import Choice
from segjob.core.model import Floats, Model
from segjob.core.refine import Pass
from segjob.core.sweep import Sweep
from segjob.errors import DataError
from segjob.jobs.layout import create, ensure_layout
from segjob.jobs.measure import Prepared
from segjob.statements import profiles, scoring, views
from segjob.statements.ddl import CreateAs
from segjob.statements.tables import Contract
from segjob.warehouse.base import Warehouse

QUANTILE_ROWS = 200_000
"""Quartiles are exact up to so many rows, and those of a repeatable sample of this size above."""
_LIBRARIES = ("duckdb", "sqlalchemy", "numpy", "scipy", "scikit-learn")


@dataclass(frozen=True)
class Fitted:
    """A segmentation, fitted and not yet published.

    model : centroids in the order of their published numbers.
    exact : (k,) the final pass over all rows, in the same order.
    """

    started_at: datetime
    prepared: Prepared
    sweep: Sweep
    choice: Choice
    model: Model
    exact: Pass
    lloyd_passes: int
    converged: bool


def publish(warehouse: Warehouse, contract: Contract, fitted: Fitted) -> int:
    """Write a run; its number.

    Raises
    ------
    DataError : the rows are not the ones that were fitted.
    """
    ensure_layout(warehouse, contract)
    run_id = _next_run_id(warehouse, contract)
    sizes = _write_history(warehouse, contract, fitted, run_id)
    profiled = _profiles(warehouse, fitted)
    for table, rows in {
        "runs": [_run_row(fitted)],
        "sweeps": _sweep_rows(fitted),
        "k_votes": [dataclasses.asdict(vote) for vote in fitted.choice.votes],
        "exclusions": [
            {"reason": e.reason, "column_name": e.column, "rows": e.rows}
            for e in fitted.prepared.measured.exclusions
        ],
        "transforms": [
            {"position": position, **dataclasses.asdict(transform)}
            for position, transform in enumerate(fitted.model.transforms)
        ],
        "centroids": _centroid_rows(fitted.model),
        "profiles": profiled,
        "segments": _segment_rows(fitted, sizes, profiled),
    }.items():
        if rows:
            inserted = [{"run_id": run_id, **row} for row in rows]
            warehouse.execute(sa.insert(contract.table(table)).values(inserted))
    _create_views(warehouse, contract, fitted, run_id)
    return run_id


def _next_run_id(warehouse: Warehouse, contract: Contract) -> int:
    runs = contract.table("runs")
    return int(warehouse.scalar(sa.select(sa.func.coalesce(sa.func.max(runs.c.run_id), 0) + 1)))


def _write_history(warehouse: Warehouse, contract: Contract, fitted: Fitted, run_id: int) -> dict[int, int]:
    """Assign every row; the rows of each segment."""
    resolved = fitted.prepared.resolved
    history = contract.history(resolved.name, resolved.key.name, resolved.key.type)
    create(warehouse, history)
    rows = scoring.assignment(fitted.prepared.relation, fitted.model, run_id)
    names = [column.name for column in history.columns]
    warehouse.execute(sa.insert(history).from_select(names, rows))
    counted = (
        sa.select(history.c.segment_id, sa.func.count().label("rows"))
        .where(history.c.run_id == run_id)
        .group_by(history.c.segment_id)
    )
    sizes = {row["segment_id"]: row["rows"] for row in warehouse.records(counted)}
    if sum(sizes.values()) != fitted.prepared.measured.kept:
        raise DataError(
            f"{resolved.settings.relation} changed during the run: {fitted.prepared.measured.kept:,} rows were "
            f"measured and {sum(sizes.values()):,} assigned",
            hint="run again when nothing else writes to it",
        )
    return {segment: sizes.get(segment, 0) for segment in fitted.model.segment_ids}


def _profiles(warehouse: Warehouse, fitted: Fitted) -> list[dict[str, Any]]:
    """Rows of `profiles`: moments of all rows; quartiles of at most `QUANTILE_ROWS` of them."""
    relation, model = fitted.prepared.relation, fitted.model
    found = profiles.read_profiles(warehouse.records(profiles.profiles(relation, model)), model)
    share = min(1.0, QUANTILE_ROWS / fitted.prepared.measured.kept)
    statement = profiles.profile_quantiles(relation, model, share=share, seed=fitted.sweep.seed)
    quartiles: dict[int, Mapping[str, Any]] = {row["segment_id"]: row for row in warehouse.records(statement)}
    overall = {p.feature: p for p in found if p.segment_id is None}
    position = {transform.feature: j for j, transform in enumerate(model.transforms)}
    rows = []
    for p in found:
        if p.segment_id is None:
            continue
        everyone, j, of = overall[p.feature], position[p.feature], quartiles.get(p.segment_id) or {}
        known = p.rows > 0
        rows.append(
            {
                "segment_id": p.segment_id,
                "feature": p.feature,
                "rows": p.rows,
                "mean": p.mean if known else None,
                "stddev": p.stddev if known else None,
                "minimum": p.minimum if known else None,
                "p25": of.get(f"q{j}_0"),
                "median": of.get(f"q{j}_1"),
                "p75": of.get(f"q{j}_2"),
                "maximum": p.maximum if known else None,
                "overall_mean": everyone.mean,
                "z": (p.mean - everyone.mean) / everyone.stddev if known and everyone.stddev > 0 else None,
            }
        )
    return rows


def _run_row(fitted: Fitted) -> dict[str, Any]:
    prepared, choice = fitted.prepared, fitted.choice
    resolved, measured = prepared.resolved, prepared.measured
    chosen = next(fit for fit in fitted.sweep.fits if fit.k == choice.k)
    return {
        "segmentation": resolved.name,
        "status": "published",
        "started_at": fitted.started_at,
        "published_at": datetime.now(UTC).replace(tzinfo=None),
        "relation": resolved.settings.relation,
        "key_column": resolved.key.name,
        "rows_read": measured.rows,
        "rows_segmented": measured.kept,
        "rows_excluded": measured.rows - measured.kept,
        "fit_rows": len(fitted.sweep.points.values),
        "fit_method": fitted.sweep.points.method,
        "k": choice.k,
        "k_rule": choice.rule,
        "k_outcome": choice.outcome,
        "k_reason": choice.reason,
        "inertia": float(fitted.exact.squared.sum()),
        "silhouette": chosen.silhouette,
        "davies_bouldin": chosen.davies_bouldin,
        "calinski_harabasz": chosen.calinski_harabasz,
        "stability": None,
        "lloyd_passes": fitted.lloyd_passes,
        "converged": fitted.converged,
        "seed": fitted.sweep.seed,
        "config": resolved.settings.model_dump_json(),
        "versions": json.dumps(_versions()),
    }


def _versions() -> dict[str, str]:
    return {"segjob": version("segjob"), "python": platform.python_version()} | {
        name: version(name) for name in _LIBRARIES
    }


def _sweep_rows(fitted: Fitted) -> list[dict[str, Any]]:
    points = fitted.sweep.points
    # A sample's inertia is scaled to all rows by the one k that is known on both: k = 1, the total variance.
    upscale = points.total_weight / points.weights.sum()
    return [
        {
            "k": fit.k,
            "inertia": float(fitted.exact.squared.sum())
            if fit.k == fitted.choice.k
            else fit.inertia * upscale,
            "silhouette": fit.silhouette,
            "davies_bouldin": fit.davies_bouldin,
            "calinski_harabasz": fit.calinski_harabasz,
            "gap": None,
            "gap_se": None,
            "stability": None,
            "smallest_share": fit.smallest_share,
            "largest_share": fit.largest_share,
            "fit_seconds": fit.seconds,
            "is_chosen": fit.k == fitted.choice.k,
            "inertia_is_exact": points.method != "sample" or fit.k == fitted.choice.k,
            "fit_rows": len(points.values),
            "silhouette_rows": fitted.sweep.silhouette_rows,
        }
        for fit in fitted.sweep.fits
    ]


def _centroid_rows(model: Model) -> list[dict[str, Any]]:
    return [
        {
            "segment_id": segment,
            "feature": transform.feature,
            "value": float(transform.to_original(np.array([scaled]))[0]),
            "scaled_value": float(scaled),
        }
        for segment, centroid in zip(model.segment_ids, model.centroids, strict=True)
        for transform, scaled in zip(model.transforms, centroid, strict=True)
    ]


def _segment_rows(
    fitted: Fitted, sizes: Mapping[int, int], profiled: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    model = fitted.model
    features = [transform.feature for transform in model.transforms]
    shares = [sizes[segment] / fitted.prepared.measured.kept for segment in model.segment_ids]
    names = describe.automatic_names(_z(profiled, model.segment_ids, features), features, shares)
    return [
        {
            "segment_id": segment,
            "name": name,
            "named_by": "segjob",
            "description": None,
            "rows": sizes[segment],
            "share": share,
            "inertia": float(squared),
            "silhouette": None,
            "outlier_distance": float(limit),
            "rule": None,
            "rule_precision": None,
            "rule_recall": None,
            "action": None,
        }
        for segment, name, share, squared, limit in zip(
            model.segment_ids, names, shares, fitted.exact.squared, model.outlier_distance, strict=True
        )
    ]


def _z(profiled: Sequence[Mapping[str, Any]], segments: Sequence[int], features: Sequence[str]) -> Floats:
    """(k, d): how many overall standard deviations each segment's mean is from everyone's; 0 where unknown."""
    known = {(row["segment_id"], row["feature"]): row["z"] for row in profiled}
    return np.array([[known.get((segment, feature)) or 0.0 for feature in features] for segment in segments])


def _create_views(warehouse: Warehouse, contract: Contract, fitted: Fitted, run_id: int) -> None:
    resolved = fitted.prepared.resolved
    name, key = resolved.name, resolved.key.name
    history = contract.history(name, key, resolved.key.type)
    segments = contract.table("segments")
    named = sa.select(segments.c.segment_id, segments.c.name).where(segments.c.run_id == run_id)
    names = {row["segment_id"]: row["name"] for row in warehouse.records(named)}
    features = [transform.feature for transform in fitted.model.transforms]
    for view, select in {
        name: views.current_assignment(contract, history, name, key),
        f"{name}_scores": scoring.scores(resolved.relation, fitted.model, names),
        f"{name}_profile": views.wide_profile(contract, name, features),
    }.items():
        warehouse.execute(CreateAs("view", view, select, schema=contract.schema))
