"""Every number of every figure, as JSON that the page carries.

The page's script redraws the map from it. Keys of rows are not in it: a page is passed around.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from segjob.core.model import Floats
from segjob.report import importance, palette, words
from segjob.report.data import Report
from segjob.report.figures import algorithms

POINT_DIGITS = 5
"""Significant digits of a point on a map; everything else is embedded as it stands in its table."""
MOST_AXES = 12
"""Features by which the map can be redrawn, the most important first."""
_TABLES = ("segments", "sweep", "votes", "exclusions", "sizes", "flows", "transforms")
_PROFILE = ("segment_id", "feature", "rows", "mean", "p25", "median", "p75", "overall_mean", "z")


def embedded(value: Any) -> str:
    """JSON that may stand in a script element: no `<`, `>` or `&`, whatever a name says."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.encode("utf-8", "replace").decode()


def document(report: Report) -> dict[str, Any]:
    """What the page embeds; of many features, only those that are shown segment by segment."""
    shown, order = importance.shown_features(report), importance.by_importance(report)[:MOST_AXES]
    names = [report.transforms[j].feature for j in shown]
    profiles = [profile for profile in report.profiles if profile.feature in set(names)]
    centroids = report.centroids
    return {
        **{name: [_plain(row) for row in getattr(report, name)] for name in _TABLES},
        "run": _plain(report.run),
        "profiles": {name: _plain([getattr(p, name) for p in profiles]) for name in _PROFILE},
        "centroids": {
            name: {feature: _plain(values[:, j]) for feature, j in zip(names, shown, strict=True)}
            for name, values in (("value", centroids.value), ("scaled", centroids.scaled))
        },
        "customers": _plain(report.input_data),
        "sample": _sample(report, order),
        "comparisons": _comparisons(report),
        "components": _components(report),
        "map": {
            "features": [_axis(report, j) for j in order],
            "segments": [
                {"id": i, "role": palette.segment_role(i), "marker": palette.segment_marker(i)}
                for i in (segment.segment_id for segment in report.segments)
            ],
        },
    }


def _axis(report: Report, j: int) -> dict[str, Any]:
    transform = report.transforms[j]
    own = report.words[transform.source_column]
    return {
        "feature": transform.feature,
        "name": words.feature_name(report, transform),
        "function": transform.function,
        "unit": own.unit,
        "is_percent": own.is_percent,
    }


def _sample(report: Report, order: Sequence[int]) -> dict[str, Any] | None:
    if report.sample is None:
        return None
    return {
        "segment_id": report.sample.segment_id.tolist(),
        "silhouette": _points(report.sample.silhouette),
        "is_outlier": np.flatnonzero(report.sample.is_outlier).tolist(),
        "values": {report.transforms[j].feature: _points(report.original[:, j]) for j in order},
    }


def _comparisons(report: Report) -> dict[str, Any]:
    """The table's rows; by which features the small maps are drawn, and where their points are."""
    positions = algorithms.map_features(report)
    places = algorithms.map_places(report) if positions else np.empty((0, 0))
    return {
        "rows": _plain(report.comparisons.rows),
        "advice": report.comparisons.advice,
        "features": [report.transforms[j].feature for j in positions],
        "places": [_points(places[:, axis]) for axis in range(len(positions))],
    }


def _components(report: Report) -> dict[str, Any] | None:
    if report.sample is None or not len(report.sample.weight) or len(report.transforms) < 3:
        return None
    result = importance.components(report.sample.scaled, report.sample.weight, report.centroids.scaled)
    return {
        "places": [_points(result.places[:, axis]) for axis in range(2)],
        "centroids": _plain(result.centroids),
        "loadings": _plain(result.loadings),
        "explained": _plain(result.explained),
    }


def _points(values: Floats) -> list[float | int | None]:
    return [_rounded(value) for value in values.tolist()]


def _rounded(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    number = float(f"{value:.{POINT_DIGITS}g}")
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _plain(value: Any) -> Any:
    """Dataclasses, arrays and dates as JSON knows them; what is not a number is null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (str, int, bool)) or value is None:
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
