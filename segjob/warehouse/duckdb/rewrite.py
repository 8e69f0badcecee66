"""A DuckDB file written anew, so that nothing that was deleted is in it: aside, compared, and renamed in one step."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from segjob.errors import WarehouseError
from segjob.warehouse.atomic_files import flush, take_after
from segjob.warehouse.duckdb.names import literal, quoted
from segjob.warehouse.sqlalchemy import first_line

_CATALOGUES = (
    "duckdb_schemas",
    "duckdb_tables",
    "duckdb_columns",
    "duckdb_constraints",
    "duckdb_indexes",
    "duckdb_views",
    "duckdb_sequences",
    "duckdb_types",
    "duckdb_functions",
    "duckdb_triggers",
)
"""What lists the contents of a file. Not every version of DuckDB has all of them."""
_OF_THE_FILE = re.compile("database_name|estimated_size|(.*_)?oids?|constraint_index|start_value")
"""Columns that differ between a file and its copy: constraints are numbered over all files that are attached, and a
sequence's copy starts where the sequence stands."""
_COPY = "segjob_rewritten"


def refuse_unrewritable(path: Path) -> None:
    """Make sure that a copy can take the file's place.

    Raises
    ------
    WarehouseError : the file has other names, or there is no space for the copy.
    """
    path = path.resolve()
    if not path.exists():
        return
    if path.stat().st_nlink > 1:
        raise WarehouseError(
            f"{path} has another name (a hard link), under which the old file would stay",
            hint="remove the other name first",
        )
    needed, free = path.stat().st_size, shutil.disk_usage(path.parent).free
    if free < needed:
        raise WarehouseError(
            f"{path} has to be written anew, which takes {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free",
            hint="free some space on the disk that it is on",
        )


def rewrite(connection: Any, catalog: str, path: Path, merge_log: Callable[[], None]) -> None:
    """Copy everything in the file to a new one, which takes its name, permissions and owner.

    Parameters
    ----------
    connection : DuckDB's own, on which the file is attached for writing, so that nobody else has it open.
    catalog : its name there.
    merge_log : merges the file's log into it, which would be taken for the new file's.

    Raises
    ------
    WarehouseError : the copy would not be the same; the file is as it was.
    """
    path = path.resolve()
    fresh = path.with_name(f".{path.name}.new")
    _remove(fresh)
    try:
        merge_log()
        connection.execute("set preserve_insertion_order = true")
        connection.execute(f"attach {literal(fresh)} as {_COPY} ({_storage(connection, catalog)})")
        connection.execute(f"copy from database {quoted(catalog)} to {_COPY}")
        _refuse_differences(connection, catalog, path)
        connection.execute(f"checkpoint {_COPY}")
        connection.execute(f"detach {_COPY}")
        flush(fresh)
        take_after(path, fresh)
        fresh.replace(path)
        flush(path.parent)
    except (duckdb.Error, OSError) as error:
        with suppress(duckdb.Error):
            connection.execute(f"detach {_COPY}")
        raise WarehouseError(
            f"{path} could not be written anew, so deleted rows may still be in it: {first_line(error)}",
            hint="mend that and run the same command again; the file is as it was",
        ) from error
    finally:
        _remove(fresh)


def _storage(connection: Any, catalog: str) -> str:
    """The options that make a file of the same storage version and block size."""
    version, size = connection.execute(
        "select d.tags['storage_version'], s.block_size from duckdb_databases() as d "
        "inner join pragma_database_size() as s on s.database_name = d.database_name "
        "where d.database_name = ?",
        [catalog],
    ).fetchall()[0]
    written = f", storage_version '{str(version).rstrip('+')}'" if version else ""
    return f"type duckdb, block_size {int(size)}{written}"


def _refuse_differences(connection: Any, catalog: str, path: Path) -> None:
    """Raises a WarehouseError unless both files hold the same objects and rows."""
    for listing in _CATALOGUES:
        there, copied = (_listed(connection, listing, name) for name in (catalog, _COPY))
        if there != copied:
            different = sorted(there.symmetric_difference(copied))[0]
            raise _different(path, f"{listing.removeprefix('duckdb_')}: {different[:200]}")
    for schema, table in _tables(connection, catalog):
        there, copied = (_fingerprint(connection, name, schema, table) for name in (catalog, _COPY))
        if there != copied:
            raise _different(path, f"the rows of {schema}.{table}")


def _different(path: Path, what: str) -> WarehouseError:
    return WarehouseError(
        f"{path} was not written anew, so deleted rows may still be in it: DuckDB's copy differs in {what}",
        hint="upgrade duckdb, or copy the file by hand; it is as it was",
    )


def _listed(connection: Any, listing: str, catalog: str) -> set[str]:
    """Everything that a catalogue says about the objects of a file, as texts."""
    try:
        result = connection.execute(f"select * from {listing}() where database_name = ?", [catalog])
    except duckdb.CatalogException:
        return set()
    names = [column[0] for column in result.description]
    compared = [i for i, name in enumerate(names) if not _OF_THE_FILE.fullmatch(name)]
    return {repr([(names[i], row[i]) for i in compared]) for row in result.fetchall()}


def _tables(connection: Any, catalog: str) -> Iterator[tuple[str, str]]:
    yield from connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? order by all", [catalog]
    ).fetchall()


def _fingerprint(connection: Any, catalog: str, schema: str, table: str) -> Any:
    """Number and hash of a table's rows, in any order."""
    place = ".".join(map(quoted, (catalog, schema, table)))
    return connection.execute(f"select count(*), sum(cast(hash(r) as hugeint)) from {place} as r").fetchall()


def _remove(fresh: Path) -> None:
    for file in (fresh, fresh.with_name(f"{fresh.name}.wal")):
        file.unlink(missing_ok=True)
