"""DuckDB's errors about a DuckLake as errors of ours: its catalogue, its commits, its statements."""

from __future__ import annotations

import re

from segjob.errors import StatementFailed, WarehouseBusy, WarehouseError
from segjob.warehouse.duckdb import errors as of_file
from segjob.warehouse.ducklake.place import LakePlace
from segjob.warehouse.sqlalchemy import first_line
from segjob.warehouse.urls import scrubbed

_CONFLICT = re.compile(
    "transaction conflict|conflict on|could not serialize|exceeded the maximum retry", re.IGNORECASE
)
_NO_SERVER = re.compile(
    "unable to connect|connection to server|server closed|no connection to", re.IGNORECASE
)


class NoLake(WarehouseError):
    """There is no DuckLake in this catalogue."""


def opening_error(
    place: LakePlace, error: Exception, secrets: frozenset[str], waited: float
) -> WarehouseError:
    """What keeps a lake from being attached. waited : seconds that segjob waited for its file."""
    words = scrubbed(_whole(error), secrets)
    if "creating a new DuckLake is explicitly disabled" in words:
        return NoLake(
            f"there is no DuckLake in {place.label}",
            hint="make one with `segjob init`, or name the catalogue of the one that dbt writes to",
        )
    if place.file is not None:
        problem = of_file.opening_error(place.file, error, waited)
        if isinstance(problem, WarehouseBusy):
            problem.hint = (
                "wait longer with --lock-timeout; a catalogue in PostgreSQL has many writers at once"
            )
        return problem
    return WarehouseError(
        f"{place.label} cannot be reached: {words}",
        hint="check host, port, database and user; the password comes from PGPASSWORD or ~/.pgpass",
    )


def failure(label: str, error: Exception, secrets: frozenset[str], statement: str = "") -> WarehouseError:
    """What went wrong with a lake that is attached."""
    words = scrubbed(_whole(error), secrets)
    if _CONFLICT.search(words):
        problem: WarehouseError = WarehouseBusy(
            f"somebody else wrote to the same tables of {label}: {words}",
            hint="nothing was published; run again",
        )
    elif _NO_SERVER.search(words):
        problem = WarehouseError(
            f"the connection to {label} ended: {words}",
            hint="nothing was published; run again when the server is there",
        )
    else:
        return StatementFailed(f"{label} refused a statement: {words}", statement, words=words)
    problem.statement = statement or None
    return problem


def _whole(error: Exception) -> str:
    """DuckLake says in its second line why a commit failed."""
    inner = getattr(error, "orig", None) or error
    return " ".join(str(inner).split())[:600] or first_line(error)
