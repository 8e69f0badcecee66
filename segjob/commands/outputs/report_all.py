"""`segjob report --all`: the current runs of all segmentations -> one HTML page, with how they cross."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segjob.commands.outputs.report import build_each, check_page, written_or_said
from segjob.errors import DataError
from segjob.registry.registry import Registry
from segjob.registry.runs import Record
from segjob.statements import exploration
from segjob.warehouse.atomic_files import write_whole

if TYPE_CHECKING:
    from segjob.report.data import Report
    from segjob.report.overview import Crossing

DEFAULT_PAGE = Path("segmentations-report.html")
_SAYS_NOTHING = {"id", "key", "uuid"}
"""Key columns that tables of different things have in common."""


@dataclass(frozen=True)
class WrittenOverview:
    """What was written."""

    page: Path
    size: int
    segmentations: Sequence[str]
    crossings: int

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {**vars(self), "page": str(self.page), "segmentations": list(self.segmentations)}


def write_overview(registry: Registry, page: Path | None) -> WrittenOverview:
    """Write one page of all segmentations that have a run; a file is replaced only if it is such a page.

    Raises
    ------
    ConfigError : the file cannot be written, or something else stands there.
    WarehouseError : the disk is full, or fails.
    DataError : there is no run.
    """
    page = page or DEFAULT_PAGE
    with written_or_said(page):
        check_page(registry.warehouse, page)
    reports, crossings = _read(registry)
    from segjob.report import overview

    content = overview.render(reports, crossings, registry.warehouse.label).encode()
    with written_or_said(page):
        check_page(registry.warehouse, page)
        write_whole(page, content)
    names = list(dict.fromkeys(str(report.run["segmentation"]) for report in reports))
    return WrittenOverview(page, len(content), names, len(crossings))


def _read(registry: Registry) -> tuple[list[Report], list[Crossing]]:
    """The current runs by name, and how every two that can be crossed do, in one snapshot."""
    with registry.warehouse.reading():
        runs = [run for run in registry.runs() if run["is_current"]]
        if not runs:
            raise DataError("there is no run to report on", hint="publish one with `segjob run`")
        runs.sort(key=lambda run: str(run["segmentation"]))
        reports = {run["segmentation"]: build_each(registry, run) for run in runs}
        crossings = list(_crossings(registry, runs, {name: each[0] for name, each in reports.items()}))
    return [report for each in reports.values() for report in each], crossings


def _crossings(registry: Registry, runs: Sequence[Record], reports: dict[str, Report]) -> Iterator[Crossing]:
    """Every two runs of the same customers: of one relation, or by a key that says what it names."""
    from segjob.report.overview import Crossing

    warehouse, schema = registry.warehouse, registry.schema
    types = {}
    for run in runs:
        columns = warehouse.columns_of(schema, f"{run['segmentation']}_history")
        types[run["segmentation"]] = {c.name: c.type_name for c in columns}.get(run["key_column"])
    # Segments of several models are too many for a table.
    for first, second in itertools.combinations((run for run in runs if run["partition_by"] is None), 2):
        key, names = first["key_column"], (first["segmentation"], second["segmentation"])
        is_same_key = key == second["key_column"] and types[names[0]] == types[names[1]] is not None
        if not is_same_key or (first["relation"] != second["relation"] and key.lower() in _SAYS_NOTHING):
            continue
        histories = [exploration.keyed_history(schema, name, key) for name in names]
        statement = exploration.crossed(histories[0], first["run_id"], histories[1], second["run_id"], key)
        rows = {(row["first_id"], row["second_id"]): row["rows"] for row in warehouse.records(statement)}
        if rows:
            yield Crossing(reports[names[0]], reports[names[1]], rows)
