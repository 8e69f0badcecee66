"""What `segjob init` writes, by where it is started and what it is told."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segjob.cli.output import print_line
from segjob.commands.setup.init import FILL_IN, TEMPLATE, ConfigDraft, is_demo
from segjob.commands.setup.suggest import suggest
from segjob.config import Config
from segjob.config_file import parse
from segjob.errors import ConfigError
from segjob.registry.registry import Registry
from segjob.warehouse.connect import VARIABLE, connect, without_secrets
from segjob.warehouse.dbt_manifest import DbtModel, read_models
from segjob.warehouse.dbt_profile import find_project

if TYPE_CHECKING:
    from segjob.cli.options import Session

DEFAULT_FILE = "segjob.duckdb"


def config_text(
    session: Session, file: Path, described: Mapping[str, str | None], orders: str | None, table: str | None
) -> str:
    """The text of a new config file; files that are named are loaded.

    Raises
    ------
    SegjobError : the warehouse that it would name cannot be used.
    """
    folder = file.parent.resolve()
    project = find_project(folder)
    is_described = described["source"] is not None or orders is not None
    if not is_described and session.url is None and project is not None and is_demo(project, folder):
        return TEMPLATE.read_text(encoding="utf-8")
    place = _place(session, folder, project)
    config = parse(Config, {"warehouse": dict([place]), "directory": folder}, where="init")
    warehouse = connect(config, warehouse=session.url)
    registry = Registry(warehouse, config.warehouse.schema_name)
    models = _models(project) if place[0] == "dbt_project" and project is not None else []
    if is_described:
        segmentations = _described(session, registry, models, described, orders, table)
    else:
        segmentations = suggest(registry, models)
    if session.url:
        place = ("url", _shown(without_secrets(session.url, warehouse), folder))
    return ConfigDraft(place, segmentations).text()


def _place(session: Session, folder: Path, project: Path | None) -> tuple[str, str]:
    """The key and value under [warehouse]."""
    if named := session.url or os.environ.get(VARIABLE):
        return "url", _shown(named, folder)
    if project is not None:
        return "dbt_project", Path(os.path.relpath(project, folder)).as_posix()
    return "url", DEFAULT_FILE


def _shown(url: str, folder: Path) -> str:
    """A file within the folder by its relative path, so that both can be moved together."""
    path = Path(os.path.realpath(url))
    return path.relative_to(folder).as_posix() if "://" not in url and path.is_relative_to(folder) else url


def _models(project: Path) -> list[DbtModel]:
    try:
        return read_models(project)
    except ConfigError:  # dbt has not run yet
        return []


def _described(
    session: Session,
    registry: Registry,
    models: list[DbtModel],
    described: Mapping[str, str | None],
    orders: str | None,
    table: str | None,
) -> dict[str, dict[str, Any]]:
    """The segmentation that the command line describes, as the file holds it."""
    from segjob.cli.files import file_request
    from segjob.cli.selection import default_name, described_values

    options: Mapping[str, Any] = described
    request = file_request(described, orders, table)
    if request is not None:
        from segjob.commands.write.load import load

        options = load(registry, request, session.progress).described(described)
    values = described_values(options)
    name = str(options["name"] or default_name(values["relation"]))
    if any(model.name == values["relation"] for model in models):
        values = {"model": values.pop("relation"), **values}
    return {name: {key: value for key, value in values.items() if value is not None}}


def print_init(
    file: Path, is_new: bool, registry: Registry, names: Sequence[str], prepared: Sequence[str]
) -> None:
    """`segjob init`: what is there now, and the next command.

    names : of the segmentations in the file; prepared : those that have an empty view.
    """
    verb, named = ("wrote", f" with {', '.join(names)}" if names else "") if is_new else ("kept", "")
    print_line(f"{verb} {file}{named}; schema {registry.schema} is ready in {registry.warehouse.label}")
    for name in prepared:
        print_line(f"  {registry.schema}.{name} is an empty view until the first run")
    if not names:
        print_line(f"to do: in {file}, {FILL_IN}; then")
    print_line(("  segjob check && segjob run" if not names else "  segjob run", "bold"))
