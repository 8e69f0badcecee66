"""`segjob report`: a run's tables and its live relation -> one HTML page, and figures for slides."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import sqlalchemy as sa

from segjob.config_file import FILE_NAME
from segjob.core.cluster.metrics import silhouette_rows
from segjob.core.compare.comparison import PUBLISHED
from segjob.core.model import Floats
from segjob.errors import ConfigError, SegjobError, not_written
from segjob.registry.models import PublishedModel, model_of_partition
from segjob.registry.registry import Registry
from segjob.registry.report_data import read_input_data
from segjob.registry.runs import PublishedRun, Record, place_in_time
from segjob.report.data import (
    MOST_POINTS,
    Centroids,
    ComparisonRow,
    Comparisons,
    ExclusionRow,
    Flow,
    ProfileRow,
    Report,
    Sample,
    SegmentRow,
    SegmentSize,
    SweepRow,
    VoteRow,
)
from segjob.report.files import check_replaceable
from segjob.statements import exploration
from segjob.warehouse.atomic_files import write_whole
from segjob.warehouse.base import Warehouse

POINTS_EACH = 100
"""Of each segment at least so many, or all it has."""
_SEED = 0
Row = TypeVar("Row")


@dataclass(frozen=True)
class Written:
    """What was written, and with which figures."""

    page: Path
    size: int
    figures: Sequence[str]
    files: Sequence[Path]
    run_id: int
    segmentation: str

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            **dataclasses.asdict(self),
            "page": str(self.page),
            "files": [str(file) for file in self.files],
        }


def write_report(
    registry: Registry,
    segmentation: str | None,
    page: Path | None,
    figures: Path | None,
    partition: str | None = None,
) -> Written:
    """Write the page of a segmentation's current run, or of one of its partitions, and its figures into a folder.

    Files are replaced whole, and only where they are pages or figures of segjob's own.

    Raises
    ------
    ConfigError : a file or folder cannot be written, or something else stands there.
    WarehouseError : the disk is full, or fails.
    DataError : there is no run.
    """
    with written_or_said(page):
        if page is not None:
            check_page(registry.warehouse, page)
        if figures is not None and figures.exists() and not figures.is_dir():
            raise ConfigError(f"{figures} cannot be written: it is no folder")
    reports = build(registry, segmentation, partition)
    run = reports[0].run
    name = str(run["segmentation"])
    page = page or Path(f"{re.sub(r'[^A-Za-z0-9-]+', '_', name).strip('_') or 'segments'}-report.html")
    content, drawn, slides = _rendered(reports, registry.warehouse.label, figures)
    with written_or_said(page):
        check_page(registry.warehouse, page)
        _write(figures, {page: content, **slides})
    return Written(
        page=page,
        size=len(content),
        figures=drawn,
        files=list(slides),
        run_id=int(run["run_id"]),
        segmentation=name,
    )


def _rendered(
    reports: Sequence[Report], label: str, figures: Path | None
) -> tuple[bytes, list[str], dict[Path, bytes]]:
    """The page, the names of its figures, and the files of these; of several partitions one page side by side."""
    if len(reports) > 1:
        from segjob.report import overview

        if figures is not None:
            raise ConfigError(
                "--figures is of one model, and the run has several", hint="name one with --partition"
            )
        return overview.render(reports, [], label).encode(), [], {}
    from segjob.report.page import render

    rendered = render(reports[0])
    slides = {} if figures is None else {figures / file: data for file, data in rendered.files()}
    return rendered.html.encode(), [figure.name for figure in rendered.figures], slides


def _write(figures: Path | None, contents: Mapping[Path, bytes]) -> None:
    """Write all files, after all were checked. figures : a folder that may be missing."""
    for file in contents:
        check_replaceable(file, "--figures" if file.parent == figures else "--out")
    if figures is not None:
        figures.mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        write_whole(file, content)


def check_page(warehouse: Warehouse, page: Path) -> None:
    """Refuse a path that a page must never take, whatever stands there."""
    if not page.parent.is_dir():
        raise ConfigError(f"{page} cannot be written: there is no folder {page.parent}")
    reserved = {FILE_NAME: "the name of the config file"}
    if warehouse.file is not None and warehouse.file.parent.resolve() == page.parent.resolve():
        reserved |= {
            warehouse.file.name: "the warehouse",
            f"{warehouse.file.name}.wal": "the warehouse's log",
        }
    if page.name in reserved:
        raise ConfigError(
            f"{page} is {reserved[page.name]}: it is not replaced", hint="name another file with --out"
        )
    check_replaceable(page, "--out")


@contextmanager
def written_or_said(page: Path | None) -> Iterator[None]:
    """What the disk refuses, in words."""
    try:
        yield
    except OSError as error:
        raise not_written(error.filename or page, error) from None


def build(registry: Registry, segmentation: str | None, partition: str | None = None) -> list[Report]:
    """Everything that the page shows, read in one snapshot; of a run with partitions each, or the one that is named."""
    with registry.warehouse.reading():
        record = registry.pick_run(segmentation=segmentation)
        return build_each(registry, record) if partition is None else [build_run(registry, record, partition)]


def build_each(registry: Registry, record: Record) -> list[Report]:
    """A run's report, or those of its partitions, inside the caller's snapshot."""
    if record["partition_by"] is None:
        return [build_run(registry, record)]
    rows = registry.load_run(record).partitions
    return [build_run(registry, record, row["partition"]) for row in rows if row["k"] is not None]


def build_run(registry: Registry, record: Record, partition: str | None = None) -> Report:
    """The report of a run, or of one of its partitions, inside the caller's snapshot.

    Raises
    ------
    ConfigError, DataError : there is no such partition, or no segments are in it.
    """
    warehouse = registry.warehouse
    run, published = registry.load_run(record), registry.load_model(record)
    if partition is not None:
        run, published = run.of_partition(partition), model_of_partition(published, partition)
    history = exploration.keyed_history(registry.schema, record["segmentation"], record["key_column"])
    own = {row["segment_id"] for row in run.segments}
    counts = {i: row for i, row in _counts(registry, history, record).items() if i in own}
    sample = _sample(warehouse, published, history, counts)
    input_data = read_input_data(warehouse, published, sample)
    return Report(
        run=run.run,
        schema=registry.schema,
        transforms=published.model.transforms,
        segments=[
            _row(SegmentRow, {**row, **counts.get(row["segment_id"], {}), "rows": row["rows"]})
            for row in run.segments
        ],
        profiles=[_row(ProfileRow, row) for row in run.profiles],
        centroids=_centroids(published),
        sweep=[_row(SweepRow, row) for row in run.sweep],
        votes=[_row(VoteRow, row) for row in run.votes],
        exclusions=[_row(ExclusionRow, row) for row in run.exclusions],
        sample=sample,
        input_data=input_data,
        **_over_time(registry, run),
        comparisons=_compared(registry, record),
    )


def _row(kind: type[Row], row: Mapping[str, Any], **more: Any) -> Row:
    """A table's row as a dataclass that names some of its columns."""
    names = [field.name for field in dataclasses.fields(cast(Any, kind))]
    known = {name: row[name] for name in names if name in row}
    return kind(**known, **more)


def _counts(registry: Registry, history: sa.Table, run: Record) -> dict[int, Record]:
    """Segment -> its row of `segment_counts`; empty where the history is gone."""
    if not registry.warehouse.columns_of(registry.schema, history.name):
        return {}
    is_mixture = run["algorithm"] == "gaussian_mixture"
    counts = exploration.segment_counts(history, run["run_id"], is_mixture=is_mixture)
    return {row["segment_id"]: row for row in registry.warehouse.records(counts)}


def quotas(rows: Mapping[int, int], points: int = MOST_POINTS, each: int = POINTS_EACH) -> dict[int, int]:
    """How many customers of each segment are drawn: by share, but a small segment gets its fair minimum.

    Their sum is at most `points`, as long as there are at most `points` segments.
    """
    least = min(each, points // max(len(rows), 1))
    floor = {segment: min(count, least) for segment, count in rows.items()}
    spare = points - sum(floor.values())
    rest = {segment: count - floor[segment] for segment, count in rows.items()}
    left = sum(rest.values())
    part = min(1.0, spare / left) if left else 0.0
    return {segment: floor[segment] + int(rest[segment] * part) for segment in rows}


def _sample(
    warehouse: Warehouse, published: PublishedModel, history: sa.Table, counts: Mapping[int, Record]
) -> Sample | None:
    """The drawn customers; None where history or relation cannot be read any more."""
    transforms = published.model.transforms
    if not counts or not _can_be_read(warehouse, published):
        return None
    rows = {segment: count["rows"] for segment, count in counts.items()}
    drawn = quotas(rows)
    statement = exploration.segment_sample(
        published.relation,
        transforms,
        history,
        published.run["run_id"],
        {segment: (rows[segment], drawn[segment]) for segment in rows},
        _SEED,
    )
    columns = warehouse.arrays(statement)
    segment_id = columns["segment_id"].astype(np.int64)
    scaled = np.column_stack([columns[f"x{j}"] for j in range(len(transforms))])
    held = dict(zip(*(v.tolist() for v in np.unique(segment_id, return_counts=True)), strict=True))
    weight = np.array([rows[i] / held[i] for i in segment_id.tolist()])
    return Sample(
        segment_id=segment_id,
        scaled=scaled,
        weight=weight,
        is_outlier=columns["is_outlier"] > 0,
        silhouette=_silhouettes(scaled, weight, segment_id),
    )


def _silhouettes(scaled: Floats, weight: Floats, segment_id: np.ndarray[Any, Any]) -> Floats:
    """(n,) each drawn customer's silhouette among those it was drawn with, by their weights."""
    present, labels = np.unique(segment_id, return_inverse=True)
    if len(present) < 2:
        return np.full(len(scaled), np.nan)
    found: Floats = silhouette_rows(scaled, weight, [labels])[0]
    return found


def _can_be_read(warehouse: Warehouse, published: PublishedModel) -> bool:
    """Whether the relation is still there with the columns of the model."""
    relation = published.relation
    try:
        names = {column.name for column in warehouse.columns_of(relation.schema, relation.name)}
    except SegjobError:
        return False
    return {relation.key, *(t.source_column for t in published.model.transforms)} <= names


def _centroids(published: PublishedModel) -> Centroids:
    model = published.model
    value = [t.to_original(model.centroids[:, j]) for j, t in enumerate(model.transforms)]
    return Centroids(value=np.column_stack(value), scaled=model.centroids)


def _over_time(registry: Registry, published: PublishedRun) -> dict[str, Any]:
    """Sizes of all published runs up to this one by `as_of`, and who moved since the run before."""
    segments, migration = registry.table("segments"), registry.table("transitions")
    runs = {
        run["run_id"]: run["as_of"]
        for run in registry.runs(published.run["segmentation"])
        if run["status"] == "published" and place_in_time(run) <= place_in_time(published.run)
    }
    of_runs, in_order = segments.c.run_id.in_(list(runs)), (segments.c.run_id, segments.c.segment_id)
    sizes = [
        _row(SegmentSize, row, as_of=runs[row["run_id"]])
        for row in registry.rows(segments, of_runs, order=in_order)
        if published.partition is None or row["partition"] == published.partition
    ]
    of_run = migration.c.run_id == published.run["run_id"]
    pairs = (migration.c.from_segment_id, migration.c.to_segment_id)
    flows = [_row(Flow, row) for row in registry.rows(migration, of_run, order=pairs)]
    if published.partition is not None:
        sizes = _shares_within(sizes)
        flows = _flows_within(flows, {size.segment_id for size in sizes})
    return {"sizes": sizes, "flows": flows}


def _shares_within(sizes: Sequence[SegmentSize]) -> list[SegmentSize]:
    """The sizes of one partition, whose shares are of its own rows."""
    totals: dict[int, int] = {}
    for size in sizes:
        totals[size.run_id] = totals.get(size.run_id, 0) + size.rows
    return [dataclasses.replace(size, share=size.rows / max(totals[size.run_id], 1)) for size in sizes]


def _flows_within(flows: Sequence[Flow], ids: AbstractSet[int]) -> list[Flow]:
    """The flows of one partition: who comes from another one enters, who goes to another one leaves."""
    within: dict[tuple[int | None, int | None], Flow] = {}
    for flow in flows:
        pair = (
            flow.from_segment_id if flow.from_segment_id in ids else None,
            flow.to_segment_id if flow.to_segment_id in ids else None,
        )
        if pair == (None, None):
            continue
        so_far = within[pair].customers if pair in within else 0
        within[pair] = dataclasses.replace(
            flow, from_segment_id=pair[0], to_segment_id=pair[1], customers=so_far + flow.customers
        )
    return list(within.values())


def _compared(registry: Registry, run: Record) -> Comparisons:
    """What `segjob compare` found for this run, else for the fit whose model it uses.

    Rows of an older layout have neither advice nor anything to draw.
    """
    table = registry.table("comparisons")
    rows = registry.rows(table, table.c.run_id == run["run_id"])
    rows = rows or registry.rows(table, table.c.run_id == run["fit_run_id"])
    drawn = {row["algorithm"]: json.loads(row["drawn"] or "{}") for row in rows}
    published = [row for row in rows if row["advice"]]
    first = published[0]["algorithm"] if published else PUBLISHED
    rows.sort(key=lambda row: (row["algorithm"] != first, -(row["agreement"] or 0.0), row["algorithm"]))
    return Comparisons(
        rows=[_row(ComparisonRow, row, cluster=drawn[row["algorithm"]].get("cluster", ())) for row in rows],
        scaled=drawn.get(first, {}).get("scaled", {}),
        advice=published[0]["advice"] if published else None,
    )
