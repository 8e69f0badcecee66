"""`segjob init`: a config file that fits where it stands, the empty schema, and an empty view for each segmentation."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segjob.config import Config, Segmentation
from segjob.errors import SegjobError, not_written
from segjob.registry.registry import Registry
from segjob.registry.relations import resolve
from segjob.registry.schema import ensure_layout
from segjob.registry.views import create_empty_view
from segjob.warehouse.dbt_manifest import with_relations
from segjob.warehouse.dbt_profile import PROJECT_FILE

TEMPLATE = Path(__file__).resolve().parent / "segjob.toml"
"""The demo's file, which this repository's own segjob.toml is; others take the keys that it explains as comments."""
FILL_IN = "take the # off one of its segmentations, and set relation (or model), key and features"

MORE = (
    '# measures = ["revenue"]         # describe the segments and have no part in making them',
    "# where = \"country = 'DE'\"      # only these rows",
    '# partition_by = "country"       # a model per value',
    '# refit = "when_unhealthy"       # a run assigns in between; "always" is the default, "never" another',
    "# holdout_share = 0.1            # held out of every segment at random, for segjob lift",
)
"""Keys that a first run does without."""


@dataclass(frozen=True)
class ConfigDraft:
    """What is written. warehouse : key and value under [warehouse].

    segmentations : name -> settings as the file holds them; none: examples as comments.
    """

    warehouse: tuple[str, str]
    segmentations: Mapping[str, Mapping[str, Any]]

    def text(self) -> str:
        """The file."""
        template = TEMPLATE.read_text(encoding="utf-8")
        head, _, rest = template.partition("[warehouse]\n")
        settings, _, examples = rest.partition("# Shoppers by what")
        place, value = self.warehouse
        kept = [
            line
            for line in settings.splitlines()
            if not line.startswith(("dbt_project", "# target", "# url"))
        ]
        more = (
            ['# target = "prod"             # else DBT_TARGET, else the profile\'s own']
            if place == "dbt_project"
            else []
        )
        lines = [f"{place} = {_toml(value)}", *more, *kept]
        if self.segmentations:
            sections = [_section(name, one) for name, one in self.segmentations.items()]
        else:
            sections = [_commented(f"# Shoppers by what{examples}")]
        return f"{head}[warehouse]\n" + "\n".join(lines).rstrip() + "\n\n" + "\n".join(sections)


def _section(name: str, settings: Mapping[str, Any]) -> str:
    lines = [f"{key} = {_toml(value)}" for key, value in settings.items() if key != "features"]
    features = [f"    {_toml(feature)}," for feature in settings["features"]]
    return "\n".join([f"[segmentations.{_key(name)}]", *lines, "features = [", *features, "]", *MORE, ""])


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return (
        name if name.replace("_", "a").isalnum() and name.isascii() else json.dumps(name, ensure_ascii=False)
    )


def _commented(text: str) -> str:
    lines = (line if line.startswith("#") or not line else f"# {line}" for line in text.splitlines())
    return "\n".join(lines) + "\n"


def is_demo(project: Path, folder: Path) -> bool:
    """Whether the folder is a checkout of segjob, whose own config the template is."""
    try:
        demo = folder / "dbt_project" / PROJECT_FILE
        return project in (folder, folder / "dbt_project") and "\nname: segjob\n" in demo.read_text("utf-8")
    except OSError:
        return False


def write_config(file: Path, text: str) -> None:
    """Write a new config file.

    Raises
    ------
    ConfigError, WarehouseError : it cannot be written; there is no half of it.
    """
    try:
        with file.open("x", encoding="utf-8") as opened:
            try:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
            except OSError:
                file.unlink()
                raise
    except OSError as error:
        raise not_written(file, error) from None


def install(registry: Registry, config: Config) -> list[str]:
    """Make the published schema, empty, or bring it up to date; the segmentations that have an empty view now.

    The view lets what is built on it be built before the first run. Where the relation is not there yet, the key's type
    is not known, and there is no view.
    """
    prepared = []
    with registry.warehouse.writing(create=True):
        ensure_layout(registry)
        published = {run["segmentation"] for run in registry.runs(with_refused=True)}
        for name, settings in config.segmentations.items():
            if name not in published and (found := _resolved(registry, config, name, settings)):
                create_empty_view(registry, name, found.key)
                prepared.append(name)
    return prepared


def _resolved(registry: Registry, config: Config, name: str, settings: Segmentation) -> Any:
    """The segmentation in the warehouse; None where it does not fit yet, which `check` says better."""
    taken = (name, f"{name}_history", f"{name}_movements")
    if any(registry.warehouse.columns_of(registry.schema, part) for part in taken):
        return None
    try:
        return resolve(registry.warehouse, name, with_relations(config, {name: settings})[name])
    except SegjobError:
        return None
