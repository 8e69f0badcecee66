"""DuckDB's errors as errors of ours: what is wrong with the file, the disk or the statement, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import sqlalchemy as sa

from segjob.errors import StatementFailed, WarehouseBusy, WarehouseError
from segjob.warehouse.sqlalchemy import first_line

_DAMAGED = re.compile(
    "corrupt|checksum|could not read enough bytes|serialization error|database has been invalidated",
    re.IGNORECASE,
)
_FULL = re.compile(
    "no space left|disk quota|file too large|out of disk space|max_temp_directory_size", re.IGNORECASE
)
_UNWRITABLE = re.compile(
    "permission denied|read-only|operation not permitted|input/output error", re.IGNORECASE
)
_HELD = re.compile("(set|onflicting) lock|Unique file handle conflict|used by another process")


def opening_error(path: Path, error: Exception, waited: float = 0.0) -> WarehouseError:
    """What keeps a file from being opened. waited : seconds that segjob waited for it."""
    words = first_line(error)
    if _HELD.search(words):
        holder = re.search(r"held in (\S+)(?: .*)?\(PID (\d+)", words)
        who = f"process {holder[2]} ({holder[1]})" if holder else "another process"
        return WarehouseBusy(
            f"{path} is held by {who}; waited {waited:g} s",
            hint="close it there (a BI tool or a duckdb shell keeps it open), or wait longer with --lock-timeout",
        )
    if "not a valid DuckDB database" in words:
        return WarehouseError(f"{path} is not a DuckDB database", hint="name the file that dbt writes to")
    return file_error(path, words) or WarehouseError(f"{path} cannot be opened: {words}")


def failure(path: Path, error: Exception, statement: str = "") -> WarehouseError:
    """What went wrong with a file that is open. statement : the one that failed, if it is one of ours."""
    words = first_line(error)
    about_the_file = str(path) in words or not _UNWRITABLE.search(words)  # else of a file that a view reads
    problem = file_error(path, words) if about_the_file else None
    if problem is None:
        return StatementFailed(
            f"{path} refused a statement: {words}", statement, words=words, hint=_advice(words)
        )
    problem.statement = statement or None
    return problem


def file_error(path: Path, words: str) -> WarehouseError | None:
    """The problem if it is the file's or the disk's; None if DuckDB complains of something else."""
    if _FULL.search(words):
        return WarehouseError(
            f"{path} cannot be written, because the disk is full: {words}",
            hint="free some space, or name another folder for spilling with [warehouse] temp_directory",
        )
    if _DAMAGED.search(words):
        return WarehouseError(
            f"{path} is damaged: {words}", hint="restore it from a copy, or make it again with `dbt run`"
        )
    if _UNWRITABLE.search(words):
        return WarehouseError(
            f"{path} cannot be written: {words}",
            hint="check the permissions of file and folder, and the disk",
        )
    return None


def _advice(words: str) -> str | None:
    if "Out of Memory" in words:
        return "raise [warehouse] memory_limit, or name a temp_directory to spill to"
    if "Ambiguous reference" in words:
        return "a schema has the name of the warehouse file; rename one of them"
    if "file system operations are disabled" in words:
        return "[warehouse] external_access = false keeps views over files from being read"
    return None


DRIVER_ERRORS = (duckdb.Error, sa.exc.DBAPIError)
"""What escapes the driver, with and without SQLAlchemy."""
