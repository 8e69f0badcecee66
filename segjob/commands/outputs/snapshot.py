"""`segjob snapshot`: what is published, as a file of its own that dashboards read while the warehouse is written."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.schema import CreateSchema, SetColumnComment, SetTableComment

from segjob import __version__
from segjob.config import Config
from segjob.errors import ConfigError, DataError, SegjobError, WarehouseError
from segjob.pipeline.progress import Progress
from segjob.registry.registry import Registry
from segjob.statements.published import snapshot
from segjob.statements.sql.ddl import CreateScorer
from segjob.warehouse.atomic_files import (
    is_ours,
    one_at_a_time,
    remove_older,
    replaced_file,
    replaced_folder,
)
from segjob.warehouse.base import Warehouse

INFO = "snapshot_info"
_PARQUET = "parquet"
_PRIVATE = ("forgotten", "salts")
"""Tables that stay in the warehouse: with both, a key that is guessed can be told to be forgotten."""


@dataclass(frozen=True)
class Snapshot:
    """A serving file that was written.

    parquet : the folder with one file per relation, where it was asked for.
    left_out : views that cannot be read any more, such as live scores of a relation that is gone.
    """

    file: Path
    parquet: Path | None
    relations: Sequence[str]
    left_out: Sequence[str]
    size: int

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            **dataclasses.asdict(self),
            "file": str(self.file),
            "parquet": self.parquet and str(self.parquet),
        }


def write_snapshot(
    registry: Registry, folder: Path, *, parquet: bool = False, lock_timeout: float = 30
) -> Snapshot:
    """Write the published tables and views as tables of a new file, and put it in the old one's place.

    The file has the warehouse's own name, so that the same SQL works in it, and schema, tables and columns too. Who has
    the old file open keeps reading it; who opens it again sees the new one.

    Parameters
    ----------
    folder : made where it is missing.
    parquet : also write FOLDER/parquet, with one file per relation.
    lock_timeout : seconds to wait for another job that writes to the folder.

    Raises
    ------
    ConfigError : the warehouse is no file, or stands in that folder.
    DataError : nothing is published.
    WarehouseError : the folder cannot be written, or holds a file of that name that is no snapshot.
    """
    warehouse = registry.warehouse
    target = serving_file(warehouse, folder)
    with one_at_a_time(folder, lock_timeout):
        _refuse_foreign(target)
        with replaced_file(target) as fresh, warehouse.reading():
            comments, left_out = _relations(registry)
            names = list(comments)
            with warehouse.new_file(fresh) as catalog:
                _copy_all(registry, comments, catalog)
            if parquet:
                with replaced_folder(_parquet_folder(folder)) as files:
                    for name in names:
                        select = snapshot.everything(registry.schema, name)
                        path = files / f"{quote(name, safe=' ')}.parquet"
                        warehouse.execute(snapshot.CopyToParquet(select, path))
        return Snapshot(
            file=target,
            parquet=folder / _PARQUET if parquet else None,
            relations=[*names, INFO],
            left_out=left_out,
            size=target.stat().st_size,
        )


def refuse_unreplaceable(warehouse: Warehouse, folder: Path) -> None:
    """Raises what `write_snapshot` would, of what can be known before."""
    _refuse_foreign(serving_file(warehouse, folder))
    if folder.exists() and not folder.is_dir():
        raise WarehouseError(f"{folder} is no folder", hint="name the folder of a snapshot")


def serving_file(warehouse: Warehouse, folder: Path) -> Path:
    """Where the snapshot of a warehouse stands.

    Raises
    ------
    ConfigError : the warehouse is no file, or stands there itself.
    """
    if warehouse.file is None:
        raise ConfigError(
            f"{warehouse.label} is not a file, so it needs no serving file",
            hint="connect the dashboards to it directly: its readers and writers do not block each other",
        )
    target = folder / warehouse.file.name
    is_itself = os.path.realpath(target) == os.path.realpath(warehouse.file)
    if is_itself or (target.exists() and target.samefile(warehouse.file)):
        raise ConfigError(
            f"the snapshot would replace the warehouse {warehouse.file} itself", hint="name another folder"
        )
    return target


def refresh(registry: Registry, config: Config, progress: Progress) -> Path | None:
    """Write the snapshot that the config asks for; the file, or None where it asks for none or it failed.

    What was published stays published, so a failure is a warning.
    """
    if config.publish.snapshot is None:
        return None
    folder = config.directory / config.publish.snapshot
    try:
        with progress.phase("snapshot") as phase:
            written = write_snapshot(registry, folder, lock_timeout=config.warehouse.lock_timeout)
            phase.note = str(written.file)
    except Exception as error:
        reason = error.message if isinstance(error, SegjobError) else f"{type(error).__name__}: {error}"
        progress.warn(f"published, but the snapshot was not written: {reason}")
        return None
    return written.file


def rewrite_snapshot(registry: Registry, folder: Path, lock_timeout: float) -> Snapshot:
    """Write a snapshot anew, its Parquet files too where it has some, and keep nothing of those before.

    Raises
    ------
    SegjobError : as `write_snapshot`; the one before stands.
    """
    has_parquet = (folder / _PARQUET).is_symlink()
    written = write_snapshot(registry, folder, parquet=has_parquet, lock_timeout=lock_timeout)
    for link in (written.file, folder / _PARQUET):
        remove_older(link)
    return written


def _refuse_foreign(target: Path) -> None:
    if target.exists() and not is_ours(target):
        raise WarehouseError(
            f"{target} is there already, and it is no snapshot: snapshots can only be read, and this can be written",
            hint="name another folder, or delete the file if it is not needed",
        )


def _parquet_folder(folder: Path) -> Path:
    link = folder / _PARQUET
    if link.exists() and not link.is_symlink():
        raise WarehouseError(
            f"{link} is there already, and segjob did not make it", hint="name another folder"
        )
    return link


def _relations(registry: Registry) -> tuple[dict[str, str | None], list[str]]:
    """What there is to copy, with its comment; and the views that cannot be read any more."""
    warehouse, schema = registry.warehouse, registry.schema
    relations = warehouse.records(snapshot.relations(schema))
    comments = {
        str(row["table_name"]): row["table_comment"]
        for row in relations
        # A row per customer and feature: more than all other relations together. `segjob explain` asks the warehouse.
        if row["table_name"] not in _PRIVATE and not str(row["table_name"]).endswith("_reasons")
    }
    if not comments or not registry.runs():
        raise DataError(
            f"nothing is published in schema {schema} of {warehouse.label}",
            hint="publish a run with `segjob run`",
        )
    left_out = [
        # Only these views read what is not segjob's own, and may be gone.
        name
        for name in comments
        if name.endswith("_scores") and not warehouse.answers(snapshot.everything(schema, name).limit(0))
    ]
    return {name: comment for name, comment in comments.items() if name not in left_out}, left_out


def _copy_all(registry: Registry, comments: Mapping[str, str | None], catalog: str) -> None:
    warehouse, schema = registry.warehouse, registry.schema
    place = snapshot.place(catalog, schema, warehouse.dialect)
    warehouse.execute(CreateSchema(place))
    for name in comments:
        warehouse.execute(snapshot.copy(schema, name, place))
    _explain(registry, place, comments)
    for run in registry.runs():
        if run["is_current"]:
            model = registry.load_model(run, for_scoring=False).model
            warehouse.execute(CreateScorer(f"{run['segmentation']}_segment", model, schema=place))
    _sign(warehouse, place)


def _explain(registry: Registry, place: str, comments: Mapping[str, str | None]) -> None:
    """Every comment of the warehouse, on the copies too."""
    warehouse = registry.warehouse
    for name, comment in comments.items():
        if comment:
            warehouse.execute(SetTableComment(sa.Table(name, sa.MetaData(), schema=place, comment=comment)))
    for row in warehouse.records(snapshot.columns(registry.schema)):
        if row["table_name"] in comments:
            column = sa.Column(row["column_name"], sa.Text(), comment=row["column_comment"])
            sa.Table(row["table_name"], sa.MetaData(), column, schema=place)
            warehouse.execute(SetColumnComment(column))


def _sign(warehouse: Warehouse, place: str) -> None:
    """One row on the file itself: when it was made, and of what."""
    table = sa.Table(
        INFO,
        sa.MetaData(),
        sa.Column("made_at", sa.DateTime, comment="When the file was made (UTC)."),
        sa.Column("warehouse", sa.Text, comment="The warehouse that it is a copy of."),
        sa.Column("written_by", sa.Text, comment="Version of segjob that wrote it."),
        schema=place,
        comment="What this file is: a copy of what is published in a warehouse. One row.",
    )
    warehouse.execute(sa.schema.CreateTable(table))
    warehouse.execute(SetTableComment(table))
    for column in table.columns:
        warehouse.execute(SetColumnComment(column))
    warehouse.execute(
        sa.insert(table).values(
            made_at=datetime.now(UTC).replace(tzinfo=None), warehouse=warehouse.label, written_by=__version__
        )
    )
