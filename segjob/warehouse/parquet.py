"""Parquet without a library of its own: DuckDB, which is always there, writes it from a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb


def csv_to_parquet(source: Path, target: Path, types: Mapping[str, str]) -> None:
    """Write a CSV file's rows as a Parquet file.

    Parameters
    ----------
    types : column -> DuckDB's name of its type, in the file's order.
    """
    columns = ", ".join(f"{_text(name)}: {_text(kind)}" for name, kind in types.items())
    read = f"read_csv({_text(str(source))}, header = true, auto_detect = false, columns = {{{columns}}})"
    with duckdb.connect() as connection:
        connection.execute(f"copy (from {read}) to {_text(str(target))} (format parquet)")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
