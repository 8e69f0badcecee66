"""`segjob run --from FILE` and `--orders FILE`: the files become tables, and the tables a segmentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segjob.commands.write.loaded_tables import LoadedTable, load_files
from segjob.files.read_files import FileRequest, read_files
from segjob.pipeline.progress import Progress
from segjob.registry.registry import Registry


@dataclass(frozen=True)
class LoadedFiles:
    """What is in the warehouse now. relation, key, features : of the table with one row per customer."""

    files: Sequence[str]
    key: str
    features: Sequence[str | dict[str, Any]]
    tables: Sequence[LoadedTable]
    warehouse: str

    @property
    def relation(self) -> str:
        """The table to segment."""
        return self.tables[-1].relation

    def described(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options of a command that describe a segmentation, with the table in the place of the files."""
        named = {"source": self.relation, "key": self.key, "features": list(self.features)}
        return {**options, **named, "name": options["name"] or self.tables[-1].name}

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "files": list(self.files),
            "warehouse": self.warehouse,
            "relation": self.relation,
            "key": self.key,
            "tables": {table.relation: table.rows for table in self.tables},
        }


def load(registry: Registry, request: FileRequest, progress: Progress) -> LoadedFiles:
    """Read the files and write their tables, all or none.

    Raises
    ------
    ConfigError, DataError : a file cannot be used, or a table of that name is not segjob's.
    """
    with progress.phase("read files") as phase:
        content = read_files(request)
        phase.note = "; ".join(content.messages)
    for warning in content.warnings:
        progress.warn(warning)
    with content.connection, progress.phase("load files", registry.warehouse.ledger) as phase:
        tables = load_files(registry, content)
        phase.rows = tables[-1].rows
    return LoadedFiles(content.files, content.key, content.features, tables, registry.warehouse.label)
