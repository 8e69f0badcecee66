"""docs/scale.md's formula for the scans of a run, against DuckDB's own profile of one."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import duckdb
import numpy as np
import pytest
from helpers.small_warehouse import customers

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent.parent
LIMITS = {
    "all_rows": "",
    "distinct_rows": "all_rows = 100",
    "sample": "all_rows = 100\ndistinct_rows = 100\nsample_rows = 1000",
}


@pytest.fixture(scope="module")
def scans() -> ModuleType:
    """benchmarks/scans.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("scans", ROOT / "benchmarks" / "scans.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["scans"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("method", LIMITS)
def test_the_formula_is_what_duckdb_counts(scans: ModuleType, tmp_path: Path, method: str) -> None:
    file, config = tmp_path / "shop.duckdb", tmp_path / "segjob.toml"
    points = np.round([(x, y) for _, x, y in customers(3000)])
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table people (id bigint, income double, score double)")
        values = ", ".join(f"({i}, {x}, {y})" for i, (x, y) in enumerate(points.tolist()))
        connection.execute(f"insert into people values {values}")
    config.write_text(f"[fit]\n{LIMITS[method]}\n", encoding="utf-8")
    found = scans.on_duckdb(str(file), "people", "id", ["income", "score"], "--config", str(config))
    expected = scans.expected(found, 2, rises=True)
    assert found["run"]["run"]["fit_method"] == method
    assert found["scans"] == len(expected)
    first_rows = scans.WIDE * 2 * 3000  # the look at the first thousand rows takes a whole block of them
    assert scans.bytes_read(expected, 3000) <= found["bytes"] <= scans.bytes_read(expected, 3000) + first_rows


def test_the_document_has_the_formula(scans: ModuleType) -> None:
    """(6 + F) d + 6 columns by a sample, with d features and F scans of the fit."""
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    assert re.search(r"\(6 \+ F\) ?d \+ 6", page)
    for d, fitting in ((1, 1), (4, 2), (30, 9)):
        planned = scans.formula(d, "sample", fitting, rows=10**7, rises=True, server=False)
        assert sum(scan.columns for scan in planned) == (6 + fitting) * d + 6
        assert len(planned) == 7 + fitting
        assert f"{scans.COUNTED} bytes" in page
        assert f"{scans.WRITTEN} bytes" in page
