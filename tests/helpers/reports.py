"""Small warehouses with runs to report on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from segjob.commands.outputs.report import build
from segjob.commands.read.compare import compare
from segjob.commands.write.run import run_all
from segjob.config import Config, Segmentation
from segjob.config_file import parse
from segjob.pipeline.progress import Progress
from segjob.registry.registry import Registry
from segjob.report.data import Report
from segjob.warehouse.duckdb.warehouse import DuckDBFile

HOSTILE_COLUMNS = (
    "<script>alert(1)</script>",
    'it\'s "quoted" & $x^2$ ]]>',
    "long " + "x" * 190 + " name",
    "גיל הלקוח \u202eabc",
    "</script><img src=x onerror=alert(1)>",
)


def registry_of(file: Path) -> Registry:
    """The published schema of a file."""
    return Registry(DuckDBFile(str(file), file), "segments")


def publish(file: Path, name: str, settings: Mapping[str, Any]) -> int:
    """Run a segmentation; the run's number."""
    asked = parse(Segmentation, dict(settings), where="test")
    (result,) = run_all(registry_of(file), Config(), {name: asked}, Progress()).results
    return int(result.published.run["run_id"])


def compare_with_others(file: Path, name: str) -> None:
    """What `segjob compare` leaves behind."""
    compare(registry_of(file), Config().fit, name, Progress())


def report_of(file: Path, name: str) -> Report:
    """What the page of a segmentation shows."""
    return build(registry_of(file), name)[0]


def shoppers(rows: int, seed: int) -> list[tuple[Any, ...]]:
    """(id, gender, age, income, score, revenue): five groups of unequal size, some values missing."""
    rng = np.random.default_rng(seed)
    centres = np.array([[55, 50], [85, 82], [88, 17], [26, 21], [26, 79]])
    group = rng.choice(5, size=rows, p=[0.5, 0.22, 0.18, 0.08, 0.02])
    points = np.round(centres[group] + rng.normal(0, 5, (rows, 2)), 2)
    age = rng.integers(18, 70, rows)
    revenue = np.round(np.exp(rng.normal(4, 1.4, rows)), 2)
    made = []
    for i in range(rows):
        gender = [None, "Female", "Male"][int(rng.choice(3, p=[0.02, 0.56, 0.42]))]
        years = None if rng.random() < 0.03 else int(age[i])
        made.append((i + 1, gender, years, *map(float, points[i]), float(revenue[i])))
    return made


COLUMNS = "customer_id integer, gender text, age integer, income double, score double, revenue double"
PEOPLE = {
    "relation": "customers",
    "key": "customer_id",
    "features": [
        {"column": "age", "missing": "impute"},
        {"column": "gender", "kind": "categorical", "weight": 0.7},
        "income",
        "score",
        {"column": "revenue", "function": "log1p", "lower": 5},
    ],
    "measures": ["revenue"],
    "k": 5,
    "k_range": [3, 6],
}
