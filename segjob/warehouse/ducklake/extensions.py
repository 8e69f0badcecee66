"""DuckDB's extensions for DuckLake: from a wheel, or as `INSTALL` left them. Nothing is downloaded here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb

from segjob.errors import ConfigError
from segjob.warehouse.sqlalchemy import first_line


def load(connection: Any, *names: str) -> None:
    """Load extensions into a connection of DuckDB.

    Raises
    ------
    ConfigError : there is none for this DuckDB.
    """
    for name in names:
        wheel = _in_wheel(name)
        try:
            connection.execute(f"load '{wheel}'" if wheel else f"load {name}")
        except duckdb.Error as error:
            raise ConfigError(
                f"DuckDB {duckdb.__version__} has no extension {name}, which a DuckLake needs: {first_line(error)}",
                hint="`pip install 'segjob[ducklake]'` brings it, with the newest DuckDB that there is a wheel of it "
                f"for; or `install {name}` in a DuckDB {duckdb.__version__} that may download",
            ) from error


def _in_wheel(name: str) -> str | None:
    """The file of the extension for this version of DuckDB, if its wheel is installed."""
    spec = find_spec(f"duckdb_extension_{name}")
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    pattern = f"extensions/v{duckdb.__version__}/*.duckdb_extension"
    files = [str(file) for folder in folders for file in Path(folder).glob(pattern)]
    return files[0].replace("'", "''") if files else None
