"""From the config to the warehouse it names. Engines are imported late."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from segjob.config import Config, WarehouseSettings
from segjob.errors import ConfigError
from segjob.warehouse.base import Warehouse
from segjob.warehouse.dbt_profile import find_project, postgres_url, read_target, spark_url

VARIABLE = "SEGJOB_WAREHOUSE"
_SECRET = re.compile("secret|password|token|access[.]?key", re.IGNORECASE)
"""Options whose values Spark itself does not show."""


def connect(
    config: Config,
    *,
    warehouse: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Warehouse:
    """The warehouse that the command line, the environment, the config or dbt's profile names, in this order.

    Nothing is opened yet.
    """
    url, folder = _address(config, warehouse, environment)
    if url.startswith(("postgresql://", "postgresql+psycopg://", "postgres://")):
        return _postgres(url, config.warehouse)
    if url.startswith(("spark://", "sc://")):
        return _spark(url, folder, config.warehouse)
    return _duckdb(url, folder, config)


def _address(config: Config, warehouse: str | None, environment: Mapping[str, str]) -> tuple[str, Path]:
    """The URL or path, and the folder that a relative path is in."""
    if named := warehouse or environment.get(VARIABLE):
        return named, Path.cwd()
    if config.warehouse.url:
        return config.warehouse.url, config.directory
    return _from_dbt(config, environment), Path.cwd()


def without_secrets(url: str, warehouse: Warehouse) -> str:
    """What leads to the same warehouse again, to be shown. url : as it was typed, and led here."""
    if not url.startswith("spark://"):
        return warehouse.label
    master, _, query = url.partition("?")
    options = "&".join(option for option in query.split("&") if not _SECRET.search(option.partition("=")[0]))
    return f"{master}?{options}" if options else master


def _postgres(url: str, settings: WarehouseSettings) -> Warehouse:
    from sqlalchemy.engine import make_url

    from segjob.warehouse.postgres.warehouse import Postgres

    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    return Postgres(
        label=parsed.render_as_string(hide_password=True),
        url=parsed,
        schema=settings.schema_name,
        lock_timeout=settings.lock_timeout,
    )


def _spark(url: str, folder: Path, settings: WarehouseSettings) -> Warehouse:
    from segjob.warehouse.spark.session import read_url
    from segjob.warehouse.spark.warehouse import Spark

    place = read_url(url, folder)
    return Spark(label=place.label, place=place, lock_timeout=settings.lock_timeout)


def _duckdb(url: str, folder: Path, config: Config) -> Warehouse:
    file, settings = _duckdb_path(url), config.warehouse
    if file is None:
        raise ConfigError(
            f"no engine for the warehouse {url.split('://')[0]}://...",
            hint="name a DuckDB file, postgresql://..., spark://... or sc://...",
        )
    from segjob.warehouse.duckdb.warehouse import DuckDBFile

    path = (folder / file).resolve()
    if path.stem.casefold() in ("memory", settings.schema_name.casefold()):
        # DuckDB calls a database after its file, and would not know which of the two a query means.
        raise ConfigError(
            f"the warehouse {path.name} has the name of {'a database' if path.stem == 'memory' else 'a schema'} in it",
            hint="rename the file" + ("" if path.stem == "memory" else ", or set another [warehouse] schema"),
        )
    temporary = settings.temp_directory and str(config.directory / settings.temp_directory)
    return DuckDBFile(
        label=str(path),
        path=path,
        lock_timeout=settings.lock_timeout,
        memory_limit=settings.memory_limit,
        temp_directory=temporary,
        threads=settings.threads,
    )


def _duckdb_path(url: str) -> str | None:
    """The file behind a DuckDB URL or a bare path; None for another engine's URL."""
    if "://" not in url:
        path = url
    elif url.startswith("duckdb:///"):
        path = url.removeprefix("duckdb:///").split("?")[0]
    else:
        return None
    if path in ("", ":memory:"):
        raise ConfigError(
            f"the warehouse {url!r} is not a file", hint="an in-memory database would hold nothing"
        )
    return path


def _from_dbt(config: Config, environment: Mapping[str, str]) -> str:
    named = config.warehouse.dbt_project
    project = config.directory / named if named else find_project(Path.cwd())
    if project is None:
        raise ConfigError(
            "no warehouse is named and there is no dbt project here",
            hint="name one with --warehouse FILE, SEGJOB_WAREHOUSE, or [warehouse] url in segjob.toml",
        )
    target = read_target(project, target=config.warehouse.target, environment=environment)
    if target.kind == "postgres":
        return postgres_url(target)
    if target.kind == "spark":
        return spark_url(target)
    if target.kind != "duckdb":
        raise ConfigError(f"{target.file}: segjob does not know dbt targets of type {target.kind!r}")
    return str(target.settings.get("path") or ":memory:")
