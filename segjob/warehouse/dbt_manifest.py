"""Takes the relation of a dbt model from `target/manifest.json`, so that one config serves every target."""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segjob.config import Config, Segmentation
from segjob.errors import ConfigError
from segjob.warehouse.dbt_profile import PROJECT_FILE, find_project

_KINDS = ("model", "snapshot", "seed")
_WRITE = "`dbt build` writes it, and so does `dbt parse`"


@dataclass(frozen=True)
class DbtModel:
    """A model of the project as dbt last knew it. unique_id : dbt's own name of it."""

    name: str
    schema: str
    alias: str
    unique_id: str
    package: str

    @property
    def relation(self) -> str:
        """Schema and name, in quotes where they need some."""
        return ".".join(part if part.isidentifier() else _quoted(part) for part in (self.schema, self.alias))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def with_relations(
    config: Config, segmentations: Mapping[str, Segmentation], environment: Mapping[str, str] = os.environ
) -> dict[str, Segmentation]:
    """The segmentations with the relation in the place of each `model`.

    Raises
    ------
    ConfigError : there is no dbt project, no manifest, or no such model in it.
    """
    if not any(one.model and not one.relation for one in segmentations.values()):
        return dict(segmentations)
    models = read_models(project_of(config), environment)
    return {
        name: one
        if one.relation or not one.model
        else one.model_copy(update={"relation": pick_model(models, one.model, name).relation})
        for name, one in segmentations.items()
    }


def project_of(config: Config) -> Path:
    """The dbt project that the config names, else the one that dbt would find.

    Raises
    ------
    ConfigError : there is none.
    """
    named = config.warehouse.dbt_project
    project = config.directory / named if named else find_project(Path.cwd())
    if project is None or not (project / PROJECT_FILE).is_file():
        raise ConfigError(
            f"there is no dbt project {project or 'here'}",
            hint="name its folder with [warehouse] dbt_project in segjob.toml",
        )
    return project


def read_models(project: Path, environment: Mapping[str, str] = os.environ) -> list[DbtModel]:
    """Models, snapshots and seeds of the manifest.

    Raises
    ------
    ConfigError : there is no manifest, or it is none.
    """
    file = _target_folder(project, environment) / "manifest.json"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        nodes = [node for node in document["nodes"].values() if node["resource_type"] in _KINDS]
        return [_model(node) for node in nodes if node.get("config", {}).get("materialized") != "ephemeral"]
    except FileNotFoundError:
        raise ConfigError(f"there is no {file}, which says where dbt's models are", hint=_WRITE) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{file} cannot be read as dbt's manifest: {error!r}", hint=_WRITE) from None


def _model(node: Mapping[str, Any]) -> DbtModel:
    return DbtModel(
        name=str(node["name"]),
        schema=str(node["schema"]),
        alias=str(node.get("alias") or node["name"]),
        unique_id=str(node["unique_id"]),
        package=str(node["package_name"]),
    )


def _target_folder(project: Path, environment: Mapping[str, str]) -> Path:
    """Where dbt writes: DBT_TARGET_PATH, else the project's target-path, else target."""
    if named := environment.get("DBT_TARGET_PATH"):
        return project / named
    import yaml

    try:
        settings = yaml.safe_load((project / PROJECT_FILE).read_text(encoding="utf-8")) or {}
    except (OSError, yaml.YAMLError):
        settings = {}
    named = settings.get("target-path") if isinstance(settings, dict) else None
    return project / (named if isinstance(named, str) and "{" not in named else "target")


def pick_model(models: list[DbtModel], name: str, segmentation: str) -> DbtModel:
    """The model of that name, or of `package.name`.

    Raises
    ------
    ConfigError : there is none, or several packages have one.
    """
    alike = [one for one in models if name in (one.name, f"{one.package}.{one.name}")]
    if len(alike) == 1:
        return alike[0]
    if alike:
        named = " or ".join(f'"{one.package}.{one.name}"' for one in alike)
        raise ConfigError(f"{segmentation}: several packages have a model {name!r}", hint=f"write {named}")
    close = difflib.get_close_matches(name, [one.name for one in models], n=1)
    raise ConfigError(
        f"{segmentation}: the dbt project has no model {name!r}",
        hint=f"did you mean {close[0]!r}?" if close else f"if it is new: {_WRITE}",
    )
