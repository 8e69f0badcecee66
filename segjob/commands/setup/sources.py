"""`segjob sources`: the published tables as sources of the user's own dbt project, with descriptions and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import yaml

from segjob.config import Config, Segmentation
from segjob.errors import ConfigError, not_written
from segjob.statements.published import comments
from segjob.statements.published.tables import SHARED, PublishedTables
from segjob.warehouse.atomic_files import write_whole
from segjob.warehouse.dbt_manifest import pick_model, project_of, read_models

HEADER = (
    "# Written by `segjob sources`, which replaces this file whole: change segjob.toml and run it again.\n"
)
FILE = Path("models") / "segjob" / "_segjob__sources.yml"
_STALE = {"warn_after": {"count": 30, "period": "day"}, "error_after": {"count": 90, "period": "day"}}
"""A segmentation whose customers have moved on is worse than none; a source may say otherwise in dbt_project.yml."""


@dataclass(frozen=True)
class WrittenSources:
    """file : in the dbt project; tables : the sources in it; models : what the exposure depends on."""

    file: Path
    tables: list[str]
    models: list[str]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"file": str(self.file), "tables": self.tables, "models": self.models}


def write_sources(config: Config, out: Path | None = None) -> WrittenSources:
    """Write the file, or replace the one that was written before.

    Parameters
    ----------
    out : the file; None: `FILE` in the dbt project.

    Raises
    ------
    ConfigError : there is no segmentation or no dbt project, or the file is somebody else's.
    """
    if not config.segmentations:
        raise ConfigError(
            "the config has no segmentation, so there is nothing to declare", hint="`segjob init` begins one"
        )
    project = project_of(config)
    file = out or project / FILE
    _refuse_foreign(file)
    models = _models(config, project)
    document = {
        "version": 2,
        "sources": [_source(config, models)],
        **({"exposures": [_exposure(config, models)]} if models else {}),
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, (HEADER + text).encode())
    except OSError as error:
        raise not_written(file, error) from None
    names = [str(table["name"]) for table in document["sources"][0]["tables"]]  # type: ignore[index]
    return WrittenSources(file, names, sorted(set(models.values())))


def _refuse_foreign(file: Path) -> None:
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise ConfigError(
            f"{file} is a link, or no file: it is not replaced", hint="name another place with --out"
        )
    try:
        if file.exists() and not file.read_text(encoding="utf-8").startswith(HEADER[:30]):
            raise ConfigError(f"{file} is there, and segjob did not write it", hint="name another with --out")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from None


def _models(config: Config, project: Path) -> dict[str, str]:
    """Segmentation -> its dbt model, of those that name one."""
    named = {name: one.model for name, one in config.segmentations.items() if one.model is not None}
    known = read_models(project) if named else []
    return {name: pick_model(known, model, name).name for name, model in named.items()}


def _source(config: Config, models: Mapping[str, str]) -> dict[str, Any]:
    schema = config.warehouse.schema_name
    published = PublishedTables(schema)
    tables = [_shared(published, name) for name in ("runs", "segments", "profiles", "sweeps", "k_votes")]
    tables += [
        _view(name, comment, {}) for name, (comment, _) in comments.SHARED_VIEWS.items() if name not in SHARED
    ]
    for name, settings in config.segmentations.items():
        tables += _of_segmentation(published, name, settings, models.get(name))
    description = "What `segjob run` publishes: segments of customers, why there are as many, and who moved."
    return {"name": "segjob", "schema": schema, "description": description, "tables": tables}


def _shared(published: PublishedTables, name: str) -> dict[str, Any]:
    table = published.table(name)
    columns: list[dict[str, Any]] = [
        {"name": str(column.name), "description": str(column.comment)} for column in table.columns
    ]
    described: dict[str, Any] = {"name": name, "description": str(table.comment), "columns": columns}
    if name == "runs":
        columns[0]["data_tests"] = ["unique", "not_null"]
        described["config"] = {
            "loaded_at_field": "published_at",
            "freshness": {"filter": "status = 'published'", **_STALE},
        }
    return described


def _of_segmentation(
    published: PublishedTables, name: str, settings: Segmentation, model: str | None
) -> list[dict[str, Any]]:
    history = published.history(name, settings.key, sa.Text())
    movements = published.movements(name, settings.key, sa.Text())
    assignment, scores = comments.of_assignment(history), comments.of_scores(history)
    tests: list[Any] = ["unique", "not_null"]
    if model is not None:
        tests.append({"relationships": {"arguments": {"to": f"ref('{model}')", "field": settings.key}}})
    return [
        _view(name, assignment.view, assignment.columns, {settings.key: tests, "segment_id": ["not_null"]}),
        _view(
            f"{name}_movements", str(movements.comment), {c.name: str(c.comment) for c in movements.columns}
        ),
        _view(f"{name}_profile", "What its segments look like side by side. One row per segment.", {}),
        _view(f"{name}_scores", scores.view, scores.columns),
    ]


def _view(
    name: str, comment: str, columns: Mapping[str, str], tests: Mapping[str, list[Any]] | None = None
) -> dict[str, Any]:
    described = [
        {
            "name": str(column),
            "description": text,
            **({"data_tests": tests[column]} if tests and column in tests else {}),
        }
        for column, text in columns.items()
    ]
    return {"name": name, "description": comment, **({"columns": described} if described else {})}


def _exposure(config: Config, models: Mapping[str, str]) -> dict[str, Any]:
    segmentations = ", ".join(models)
    return {
        "name": "segjob",
        "type": "application",
        "maturity": "high",
        "owner": {"name": "Whoever runs segjob"},
        "description": f"`segjob run` segments these models ({segmentations}) and publishes schema "
        f"{config.warehouse.schema_name}.",
        "depends_on": [f"ref('{model}')" for model in sorted(set(models.values()))],
    }
