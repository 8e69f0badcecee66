"""`segjob export`: the audiences of the current run as files, one per segment, as activation tools take them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from sqlalchemy.sql.selectable import SelectBase

from segjob.errors import DataError, WarehouseError
from segjob.registry.audience import audience_of
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.relations import find_column
from segjob.statements.published.views import with_hashed_column
from segjob.warehouse.atomic_files import flush, one_at_a_time
from segjob.warehouse.base import Column
from segjob.warehouse.parquet import csv_to_parquet

Format = Literal["csv", "parquet"]
MANIFEST = "segjob-export.json"
"""In the folder: which files segjob has written there, so that it replaces these and no others."""
_TYPES = {
    "audience_id": "INTEGER",
    "audience_name": "VARCHAR",
    "key": "VARCHAR",
    "is_holdout": "BOOLEAN",
    "since": "TIMESTAMP",
}


@dataclass(frozen=True)
class ExportedFile:
    """One segment's file."""

    file: Path
    segment_id: int
    name: str
    rows: int


@dataclass(frozen=True)
class Export:
    """What was written. held_out : customers of the hold-out, who are in no file unless they were asked for."""

    segmentation: str
    run_id: int
    files: Sequence[ExportedFile]
    held_out: int
    with_holdout: bool

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        files = [{**vars(one), "file": str(one.file)} for one in self.files]
        return {**vars(self), "files": files}


def export(
    registry: Registry,
    folder: Path,
    *,
    segmentation: str | None = None,
    file_format: Format = "csv",
    hash_column: str | None = None,
    with_holdout: bool = False,
    lock_timeout: float = 30,
) -> Export:
    """Write one file per segment of the current run; files of segments that are gone are removed.

    Parameters
    ----------
    folder : made where it is missing.
    hash_column : a column of the run's relation, such as an e-mail address, that is exported as SHA-256 only.
    with_holdout : write the held-out customers too; `is_holdout` tells them apart.

    Raises
    ------
    DataError : the relation has no such column, or nothing is published.
    WarehouseError : the folder cannot be written, or holds files of these names that segjob did not write.
    """
    warehouse = registry.warehouse
    with warehouse.reading(), one_at_a_time(folder, lock_timeout):
        run = registry.pick_run(segmentation=segmentation)
        published = registry.load_model(run)
        select = audience_of(registry, published)
        if hash_column is not None:
            column = _column(registry, published, hash_column)
            select = with_hashed_column(select, published.relation, column)
        stem = quote(str(run["segmentation"]), safe=" ")
        targets = {i: folder / f"{stem}-{i}.{file_format}" for i in published.names}
        _refuse_foreign(folder, targets.values())
        writer = _Writer(targets, file_format, registry.key_column(run), with_holdout)
        try:
            writer.write(select, warehouse.batches(select))
            _put_in_place(folder, str(run["segmentation"]), int(run["run_id"]), writer.fresh)
        finally:
            for path in writer.fresh:
                path.unlink(missing_ok=True)
    files = [ExportedFile(targets[i], i, published.names[i], writer.rows[i]) for i in targets]
    return Export(str(run["segmentation"]), run["run_id"], files, writer.held_out, with_holdout)


def _column(registry: Registry, published: PublishedModel, name: str) -> str:
    """The relation's column of that name.

    Raises
    ------
    DataError : it has none.
    """
    relation = published.relation
    columns = registry.warehouse.columns_of(relation.schema, relation.name)
    if not columns:
        raise DataError(f"{published.run['relation']} is gone, and {name!r} with it")
    return find_column(name, columns, str(published.run["relation"])).name


class _Writer:
    """Rows of all segments, dealt out to a file each, aside of where they are to stand."""

    def __init__(
        self, targets: Mapping[int, Path], file_format: Format, key: Column, with_holdout: bool
    ) -> None:
        self.file_format, self.with_holdout = file_format, with_holdout
        self.key_type = "BIGINT" if key.is_whole else "VARCHAR"
        self.rows, self.held_out = dict.fromkeys(targets, 0), 0
        self.fresh = {target.with_name(f".{target.name}.new"): target for target in targets.values()}
        self._paths = dict(zip(targets, self.fresh, strict=True))

    def write(self, select: SelectBase, batches: Iterable[Sequence[Sequence[Any]]]) -> None:
        """All rows; each file is whole and on the disk afterwards."""
        names = [column.name for column in select.selected_columns]
        place = {name: i for i, name in enumerate(names)}
        for path in self.fresh:
            path.unlink(missing_ok=True)  # of an export that died
        with ExitStack() as open_files:
            writers = {
                # Exclusively, so that no link is followed.
                segment: csv.writer(open_files.enter_context(path.open("x", newline="", encoding="utf-8")))
                for segment, path in self._paths.items()
            }
            for writer in writers.values():
                writer.writerow(names)
            for batch in batches:
                for row in batch:
                    held_out = row[place["is_holdout"]]
                    self.held_out += bool(held_out)
                    if self.with_holdout or not held_out:
                        segment = row[place["audience_id"]]
                        self.rows[segment] += 1
                        writers[segment].writerow(map(_written, row))
        for path in self.fresh:
            if self.file_format == "parquet":
                self._make_parquet(path, names)
            flush(path)

    def _make_parquet(self, path: Path, names: Sequence[str]) -> None:
        types = {name: _TYPES.get(name, "VARCHAR") for name in names} | {"key": self.key_type}
        aside = path.with_suffix(".csv")
        path.replace(aside)
        try:
            csv_to_parquet(aside, path, types)
        finally:
            aside.unlink()


def _written(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat(sep=" ") if isinstance(value, datetime) else value


def _refuse_foreign(folder: Path, targets: Iterable[Path]) -> None:
    own = {name for entry in _manifest(folder).values() for name in entry["files"]}
    foreign = [target for target in targets if target.exists() and target.name not in own]
    if foreign:
        raise WarehouseError(
            f"{foreign[0]} is there already, and segjob did not write it",
            hint="name another folder, or move the file away",
        )


def _manifest(folder: Path) -> dict[str, Any]:
    """Segmentation -> what was exported of it.

    Raises
    ------
    WarehouseError : the file is not one of segjob's.
    """
    file = folder / MANIFEST
    if not os.path.lexists(file):
        return {}
    try:
        if file.is_symlink() or not file.is_file():
            raise ValueError
        written = json.loads(file.read_text(encoding="utf-8"))["exports"]
        exports = {name: {**entry, "files": list(entry["files"])} for name, entry in written.items()}
        names = [name for entry in exports.values() for name in entry["files"]]
        if any(Path(name).name != name or name == ".." for name in names):
            raise ValueError  # of another folder
        return exports
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WarehouseError(
            f"{file} is there already, and segjob did not write it", hint="name another folder"
        ) from error


def _put_in_place(folder: Path, segmentation: str, run_id: int, fresh: Mapping[Path, Path]) -> None:
    """Rename every file, each in one step; then remove those of segments that are gone."""
    manifest = _manifest(folder)
    before = set(manifest.get(segmentation, {"files": []})["files"])
    after = {target.name for target in fresh.values()}
    entry = {"run_id": run_id, "exported_at": datetime.now(UTC).isoformat(timespec="seconds")}
    # First the claim: whoever dies between leaves no file that the next export takes for somebody else's.
    _write_manifest(folder, {**manifest, segmentation: {**entry, "files": sorted(before | after)}})
    for path, target in fresh.items():
        path.replace(target)
    for name in before - after:
        (folder / name).unlink(missing_ok=True)
    _write_manifest(folder, {**manifest, segmentation: {**entry, "files": sorted(after)}})


def _write_manifest(folder: Path, exports: Mapping[str, Any]) -> None:
    from segjob.warehouse.atomic_files import write_whole

    text = json.dumps({"written_by": "segjob export", "exports": exports}, indent=1)
    write_whole(folder / MANIFEST, text.encode())
