"""Takes the connection from dbt's profiles.yml, so that it is written down once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from segjob.errors import ConfigError

PROJECT_FILE, PROFILES_FILE = "dbt_project.yml", "profiles.yml"
_LIBPQ = ("sslmode", "sslcert", "sslkey", "sslrootcert", "connect_timeout", "keepalives_idle")
"""Settings that dbt-postgres and libpq call the same."""
_CATALOGUE_URL = "spark.hadoop.javax.jdo.option.ConnectionURL"


@dataclass(frozen=True)
class Target:
    """One output of a dbt profile, rendered."""

    kind: str
    settings: Mapping[str, Any] = field(repr=False)  # holds the password
    file: Path


def find_project(start: Path) -> Path | None:
    """The dbt project that `dbt` itself would use in `start`, or the folder dbt_project beside it."""
    for folder in (start, *start.parents):
        for candidate in (folder, folder / "dbt_project"):
            if (candidate / PROJECT_FILE).is_file():
                return candidate
    return None


def read_target(project: Path, *, target: str | None, environment: Mapping[str, str] = os.environ) -> Target:
    """The output that `dbt run` in `project` connects to.

    Raises
    ------
    ConfigError : a file is missing or unreadable, an environment variable is not set, or there is no such target.
    """
    # Hooks and vars of dbt_project.yml may use dbt's own macros, and another target may want a variable that nobody has
    # set: as in dbt, only what is needed is rendered.
    project_file = project / PROJECT_FILE
    profile_name = _rendered(_read(project_file).get("profile"), project_file, project, environment)
    file = _profiles_file(project, environment)
    profile = _read(file).get(str(profile_name))
    if not isinstance(profile, dict):
        raise ConfigError(f"{file} has no profile {profile_name!r}, which {project_file} names")
    outputs = profile.get("outputs") or {}
    requested = target or environment.get("DBT_TARGET") or profile.get("target") or "default"
    name = _rendered(requested, file, project, environment)
    if name not in outputs:
        raise ConfigError(
            f"{file}: profile {profile_name!r} has no target {name!r}; it has {', '.join(outputs)}"
        )
    settings = dict(_rendered(outputs[name], file, project, environment))
    return Target(str(settings.get("type")), settings, file)


def postgres_url(target: Target) -> str:
    """The SQLAlchemy URL of a target of type postgres, with its password.

    A relation without schema is in dbt's `schema`.

    Raises
    ------
    ConfigError : a setting is missing that dbt needs too.
    """
    from sqlalchemy.engine import URL

    settings = {key: str(value) for key, value in target.settings.items() if value not in (None, "")}
    missing = [key for key in ("host", "user") if key not in settings]
    database = settings.get("dbname") or settings.get("database")
    if missing or database is None:
        names = ", ".join([*missing, *([] if database else ["dbname"])])
        raise ConfigError(f"{target.file}: the target of type postgres has no {names}")
    if settings.get("schema", "public") != "public":
        settings.setdefault("search_path", '"' + settings["schema"].replace('"', '""') + '"')
    query = {key: settings[key] for key in _LIBPQ if key in settings}
    if options := [
        f"-c{key}={_escaped(settings[key])}" for key in ("search_path", "role") if key in settings
    ]:
        query["options"] = " ".join(options)
    if settings["host"].startswith("/"):  # the folder of a socket
        query["host"] = settings.pop("host")
    return URL.create(
        "postgresql",
        username=settings["user"],
        # Without one, libpq looks for it in PGPASSWORD and ~/.pgpass.
        password=settings.get("password") or settings.get("pass"),
        host=settings.get("host"),
        port=_port(settings.get("port", "5432"), target.file),
        database=database,
        query=query,
    ).render_as_string(hide_password=False)


def spark_url(target: Target) -> str:
    """The Spark URL of a target of type spark: a session as dbt starts one, on the catalogue that Spark knows.

    A relation without schema is in dbt's `schema`; `server_side_parameters` are the session's. Where
    they name a folder with its own catalogue, the URL names that folder: segjob then waits while dbt holds it.

    Raises
    ------
    ConfigError : dbt reaches Spark by another way than a session of its own.
    """
    method = target.settings.get("method")
    if method != "session":
        raise ConfigError(
            f"{target.file}: segjob does not know dbt-spark's method {method!r}",
            hint="use method: session, or name the server with --warehouse sc://host:port (Spark Connect)",
        )
    parameters = target.settings.get("server_side_parameters") or {}
    settings = {str(key): str(value) for key, value in parameters.items() if str(key).startswith("spark.")}
    if (schema := str(target.settings.get("schema") or "default")) != "default":
        settings.setdefault("spark.sql.catalog.spark_catalog.defaultDatabase", schema)
    from segjob.warehouse.spark.session import CATALOGUE

    folder, catalogue = settings.get("spark.sql.warehouse.dir"), settings.get(_CATALOGUE_URL)
    master = ""
    if folder and catalogue == f"jdbc:derby:;databaseName={folder}/{CATALOGUE};create=true":
        del settings["spark.sql.warehouse.dir"], settings[_CATALOGUE_URL]
        master = settings.pop("spark.master", "local[*]")
        settings["warehouse"] = folder
    return f"spark://{master}" + (f"?{urlencode(settings)}" if settings else "")


def _port(port: str, file: Path) -> int:
    try:
        return int(port)
    except ValueError:
        raise ConfigError(f"{file}: the port {port!r} is not a number") from None


def _escaped(value: str) -> str:
    """A value within libpq's `options`, where a blank ends it."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def _profiles_file(project: Path, environment: Mapping[str, str]) -> Path:
    named = environment.get("DBT_PROFILES_DIR")
    folders = [Path(named)] if named else [project, Path.cwd(), Path.home() / ".dbt"]
    for folder in folders:
        if (folder / PROFILES_FILE).is_file():
            return folder / PROFILES_FILE
    raise ConfigError(
        f"there is no {PROFILES_FILE} in {', '.join(map(str, folders))}",
        hint="name the warehouse with --warehouse or SEGJOB_WAREHOUSE instead",
    )


def _read(file: Path) -> dict[str, Any]:
    import yaml

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        # What YAML says itself shows the line, which may be the one with the password.
        mark = getattr(error, "problem_mark", None)
        where = f" near line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{file} is not valid YAML{where}", hint="`dbt debug` says more") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{file} holds no settings")
    return document


def _rendered(settings: Any, file: Path, project: Path, environment: Mapping[str, str]) -> Any:
    """Settings with their Jinja rendered the way dbt does it: value by value, only where there is any."""
    from jinja2 import TemplateError
    from jinja2.sandbox import SandboxedEnvironment

    def env_var(name: str, default: object = None) -> object:
        if name in environment:
            return environment[name]
        if default is None:
            raise ConfigError(f"{file} needs the environment variable {name}, which is not set")
        return default

    flags = {"PROJECT_DIR": str(project), "PROFILES_DIR": str(file.parent)}
    jinja = SandboxedEnvironment()
    # What a value is rendered to is text anyway.
    jinja.filters |= dict.fromkeys(("as_bool", "as_native", "as_number", "as_text"), str)

    def render(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: render(item) for key, item in value.items()}
        if isinstance(value, list):
            return [render(item) for item in value]
        if isinstance(value, str) and "{" in value:
            return jinja.from_string(value).render(env_var=env_var, flags=flags)
        return value

    try:
        return render(settings)
    except TemplateError as error:
        raise ConfigError(
            f"{file} uses Jinja that only dbt understands: {error}",
            hint="name the warehouse with --warehouse or SEGJOB_WAREHOUSE instead",
        ) from None
