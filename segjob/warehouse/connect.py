"""From the config to the warehouse it names. Engines are imported late."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from segjob.config import Config, WarehouseSettings
from segjob.errors import ConfigError, WarehouseError
from segjob.warehouse.base import Warehouse
from segjob.warehouse.urls import may_hold_a_secret, scheme_of, secrets_of, without_secret

VARIABLE = "SEGJOB_WAREHOUSE"
_POSTGRES = ("postgresql", "postgresql+psycopg", "postgres")
_FORMS = "name a DuckDB file, postgresql://..., ducklake:..., snowflake://..., spark://... or sc://..."


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
    scheme = scheme_of(url)
    url = url if scheme is None else scheme + url.lstrip()[len(scheme) :]
    if scheme in _POSTGRES:
        return _postgres(url, config.warehouse)
    if scheme in ("spark", "sc"):
        return _spark(url, folder, config.warehouse)
    if scheme == "snowflake":
        return _snowflake(url, config.warehouse)
    if scheme == "ducklake":
        return _ducklake(url, folder, config)
    return _duckdb(url, folder, config)


def _address(config: Config, warehouse: str | None, environment: Mapping[str, str]) -> tuple[str, Path]:
    """The URL or path, and the folder that a relative path is in."""
    if named := warehouse or environment.get(VARIABLE):
        return named, Path.cwd()
    if config.warehouse.url:
        return config.warehouse.url, config.directory
    return _from_dbt(config, environment), Path.cwd()


def is_named(config: Config, warehouse: str | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether anything names a warehouse, as for `connect`."""
    if warehouse or environment.get(VARIABLE) or config.warehouse.url or config.warehouse.dbt_project:
        return True
    from segjob.warehouse.dbt_profile import find_project

    return find_project(Path.cwd()) is not None


def without_secrets(url: str, warehouse: Warehouse) -> str:
    """A URL or path that leads to the same warehouse, without its secret; see `secret_advice`.

    url : as it was typed, and led here.
    """
    elsewhere = (*_POSTGRES, "spark", "sc", "ducklake", "snowflake")
    return without_secret(url) if scheme_of(url) in elsewhere else warehouse.label


def secret_advice(url: str) -> str | None:
    """Where the secret of a URL has to be, so that the URL without it works; None if it holds none."""
    if not secrets_of(url):
        return None
    if scheme_of(url) in (*_POSTGRES, "ducklake"):
        return "with the password in PGPASSWORD or ~/.pgpass"
    if scheme_of(url) == "snowflake":
        return "with the password in SNOWFLAKE_PASSWORD"
    if scheme_of(url) == "sc":
        return "with the token in SPARK_CONNECT_AUTHENTICATE_TOKEN"
    return f"with the secret options in spark-defaults.conf, or the whole URL in {VARIABLE}"


def _postgres(url: str, settings: WarehouseSettings) -> Warehouse:
    from sqlalchemy.engine import make_url

    from segjob.warehouse.postgres.warehouse import Postgres

    shown = without_secret(url)
    try:
        parsed = make_url(re.sub(r"^postgres(?=:)", "postgresql", url))
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(
            f"{shown} is not a PostgreSQL URL",
            hint="write postgresql://user@host:5432/database; the password goes into PGPASSWORD",
        ) from None
    if "@" in (parsed.host or ""):
        raise ConfigError(
            f"{shown}: there is an @ within the password",
            hint="write it as %40, or leave the password out and set PGPASSWORD",
        )
    return Postgres(
        label=shown,
        url=parsed,
        schema=settings.schema_name,
        lock_timeout=settings.lock_timeout,
        secrets=frozenset(secrets_of(url)),
    )


def _spark(url: str, folder: Path, settings: WarehouseSettings) -> Warehouse:
    from segjob.warehouse.spark.session import read_url
    from segjob.warehouse.spark.warehouse import Spark

    place = read_url(url, folder)
    return Spark(
        label=place.label,
        place=place,
        schema=settings.schema_name,
        lock_timeout=settings.lock_timeout,
        secrets=frozenset(secrets_of(url)),
    )


def _duckdb(url: str, folder: Path, config: Config) -> Warehouse:
    file, settings = _duckdb_path(url), config.warehouse
    if file is None:
        raise ConfigError(
            f"no engine for the warehouse {scheme_of(url)}:{'//' if '://' in url else ''}...",
            hint=f"{_FORMS}; a path with a colon as ./NAME",
        )
    from segjob.warehouse.duckdb.warehouse import DuckDBFile

    path = Path(os.path.realpath(folder / file))
    if path.is_symlink():
        raise WarehouseError(f"the warehouse {path} is a link that leads to itself")
    if path.stem.casefold() in ("memory", settings.schema_name.casefold()):
        # DuckDB calls a database after its file, and would not know which of the two a query means.
        raise ConfigError(
            f"the warehouse {path.name} has the name of {'a database' if path.stem == 'memory' else 'a schema'} in it",
            hint="rename the file" + ("" if path.stem == "memory" else ", or set another [warehouse] schema"),
        )
    return DuckDBFile(label=str(path), path=path, **_limits(config))


def _snowflake(url: str, settings: WarehouseSettings) -> Warehouse:
    from segjob.warehouse.snowflake.warehouse import Snowflake

    return Snowflake(
        label=without_secret(url),
        url=url,
        schema=settings.schema_name,
        lock_timeout=settings.lock_timeout,
        secrets=frozenset(secrets_of(url)),
    )


def _ducklake(url: str, folder: Path, config: Config) -> Warehouse:
    from segjob.warehouse.ducklake.place import read_url
    from segjob.warehouse.ducklake.warehouse import DuckLake

    schema = config.warehouse.schema_name
    place, secrets = read_url(url, folder, schema), frozenset(secrets_of(url))
    return DuckLake(label=place.label, place=place, schema=schema, secrets=secrets, **_limits(config))


def _limits(config: Config) -> dict[str, Any]:
    """What DuckDB may take, however it is used."""
    settings = config.warehouse
    return {
        "lock_timeout": settings.lock_timeout,
        "memory_limit": settings.memory_limit,
        "temp_directory": settings.temp_directory and str(config.directory / settings.temp_directory),
        "threads": settings.threads,
        "external_access": settings.external_access,
    }


def _duckdb_path(url: str) -> str | None:
    """The file behind a DuckDB URL or a bare path; None for another engine's URL."""
    scheme = scheme_of(url)
    if scheme is None:
        path = url
    elif url.startswith("duckdb:///"):
        path = url.removeprefix("duckdb:///").split("?")[0]
    else:
        return None
    if may_hold_a_secret(path):
        # Not shown: it may be a URL that has lost its scheme, with a password in it.
        raise ConfigError("the warehouse is neither a file nor a URL that segjob knows", hint=_FORMS)
    if path.strip() in ("", ":memory:"):
        raise ConfigError(
            f"the warehouse {path!r} is not a file", hint="an in-memory database would hold nothing"
        )
    return path


def _from_dbt(config: Config, environment: Mapping[str, str]) -> str:
    from segjob.warehouse.dbt_profile import find_project, postgres_url, read_target, spark_url

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
