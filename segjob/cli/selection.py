"""Which segmentations a command is about: those of the config file, or one that the command line alone describes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from segjob.config import Config, Segmentation
from segjob.config_file import parse
from segjob.errors import ConfigError


def select(
    config: Config, segmentation: str | None, described: Mapping[str, Any], **options: Any
) -> dict[str, Segmentation]:
    """Name -> settings.

    Parameters
    ----------
    segmentation : one of the config file's; None: all of them.
    described : source (the relation), key, features, name, where: a segmentation that needs no config file. Features
        as typed, or as a config file holds them.
    options : measures, k, k_range, rule, scale, seed as typed; None if not given. They win over the file.

    Raises
    ------
    ConfigError : no such segmentation, or an option makes no sense.
    """
    changes = _parsed({name: value for name, value in options.items() if value is not None})
    if described["source"] is not None:
        return _described(segmentation, described, changes)
    idle = [f"--{name}" for name, value in described.items() if value is not None]
    if idle:
        raise ConfigError(f"{', '.join(idle)} needs --from RELATION")
    from segjob.warehouse.dbt_manifest import with_relations

    if not config.segmentations:
        raise ConfigError(
            "there is no segmentation to run",
            hint="write a segjob.toml with `segjob init`, or use --from RELATION --key COLUMN --features A,B, "
            "where RELATION may be a CSV or Parquet file",
        )
    if segmentation is not None and segmentation not in config.segmentations:
        raise ConfigError(
            f"the config has no segmentation {segmentation!r}",
            hint=f"it has {', '.join(config.segmentations)}",
        )
    names = [segmentation] if segmentation is not None else list(config.segmentations)
    requested = {
        name: parse(
            Segmentation,
            {**config.segmentations[name].model_dump(exclude_unset=True), **changes},
            where=f"segmentations.{name} with the command line",
        )
        for name in names
    }
    return with_relations(config, requested)


def _described(
    segmentation: str | None, described: Mapping[str, Any], changes: Mapping[str, Any]
) -> dict[str, Segmentation]:
    if segmentation is not None:
        raise ConfigError(
            "--from describes a segmentation of its own", hint=f"--name {segmentation} names it"
        )
    values = described_values(described)
    name = described["name"] or default_name(values["relation"])
    return {name: parse(Segmentation, {**values, **changes}, where="command line")}


def described_values(described: Mapping[str, Any]) -> dict[str, Any]:
    """The options that describe a segmentation, as the config file would hold them.

    Raises
    ------
    ConfigError : one is missing.
    """
    lacking = [f"--{name}" for name in ("key", "features") if described[name] is None]
    if lacking:
        raise ConfigError(f"--from also needs {' and '.join(lacking)}")
    features = described["features"]
    return {
        "relation": str(described["source"]),
        "key": described["key"],
        "features": split_names(features) if isinstance(features, str) else features,
        "where": described.get("where"),
    }


def moment(text: str | None, option: str = "--as-of") -> datetime | None:
    """A date, or a date and a time (UTC if it names no zone), as typed.

    Raises
    ------
    ConfigError : it is none, or in the future.
    """
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(f"{option} is a date such as 2025-06-30, not {text!r}") from None
    if parsed.tzinfo is not None:
        parsed = parsed.astimezone(UTC).replace(tzinfo=None)
    from segjob.registry.relations import latest_day

    if parsed.date() > latest_day():
        raise ConfigError(f"{option} {text} is in the future", hint="rows stand for a moment that has been")
    return parsed


def day(text: str, option: str) -> date:
    """A date as typed; see `moment`."""
    parsed = moment(text, option)
    if parsed is None or len(text.strip()) > len("2025-06-30"):
        raise ConfigError(f"{option} is a date such as 2025-06-30, not {text!r}")
    return parsed.date()


def default_name(relation: str) -> str:
    """The relation's own name without schema and quotes."""
    from segjob.registry.relations import split_name

    return split_name(relation)[1]


def split_names(features: str) -> list[str]:
    """Column names between commas; double quotes keep a comma."""
    import csv

    names = [name.strip() for name in next(csv.reader([features], skipinitialspace=True), [])]
    return [name for name in names if name]


def _parsed(options: dict[str, Any]) -> dict[str, Any]:
    """Options as the config file would hold them."""
    if "k" in options:
        options["k"] = _k(options["k"])
    if "measures" in options:
        options["measures"] = split_names(options["measures"])
    if "k_range" in options:
        low, _, high = str(options["k_range"]).partition(":")
        try:
            options["k_range"] = (int(low), int(high))
        except ValueError:
            raise ConfigError(f"--k-range is LOW:HIGH, such as 1:10, not {options['k_range']!r}") from None
        options.setdefault("k", "auto")
    return options


def _k(text: str) -> int | str:
    if text == "auto":
        return text
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f'--k is "auto" or a whole number from 1, not {text!r}') from None
