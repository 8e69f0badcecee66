"""Takes the connection from dbt's profiles.yml, so that it is written down once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from segjob.errors import ConfigError

PROJECT_FILE, PROFILES_FILE = "dbt_project.yml", "profiles.yml"


@dataclass(frozen=True)
class Target:
    """One output of a dbt profile, rendered."""

    kind: str
    settings: Mapping[str, Any]
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
    document = _rendered(project / PROJECT_FILE, project, environment)
    profile_name = document.get("profile")
    file = _profiles_file(project, environment)
    profiles = _rendered(file, project, environment)
    profile = profiles.get(str(profile_name))
    if not isinstance(profile, dict):
        raise ConfigError(f"{file} has no profile {profile_name!r}, which {project / PROJECT_FILE} names")
    outputs = profile.get("outputs") or {}
    wanted = target or environment.get("DBT_TARGET") or profile.get("target") or "default"
    if wanted not in outputs:
        raise ConfigError(
            f"{file}: profile {profile_name!r} has no target {wanted!r}; it has {', '.join(outputs)}"
        )
    settings = dict(outputs[wanted])
    return Target(str(settings.get("type")), settings, file)


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


def _rendered(file: Path, project: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """A dbt YAML file with its Jinja rendered the way dbt does it: value by value, only where there is any."""
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

    def render(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: render(item) for key, item in value.items()}
        if isinstance(value, list):
            return [render(item) for item in value]
        if isinstance(value, str) and "{" in value:
            return jinja.from_string(value).render(env_var=env_var, flags=flags)
        return value

    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{file} holds no settings")
    # Hooks and vars of dbt_project.yml may use dbt's own macros; only what is needed here is rendered.
    wanted = {"profile": document.get("profile")} if file.name == PROJECT_FILE else document
    try:
        rendered: dict[str, Any] = render(wanted)
    except TemplateError as error:
        raise ConfigError(
            f"{file} uses Jinja that only dbt understands: {error}",
            hint="name the warehouse with --warehouse or SEGJOB_WAREHOUSE instead",
        ) from None
    return rendered
