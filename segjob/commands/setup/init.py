"""`segjob init`: a commented config file to start from, and the empty schema."""

from __future__ import annotations

from pathlib import Path

from segjob.errors import ConfigError
from segjob.registry.registry import Registry
from segjob.registry.schema import ensure_layout

TEMPLATE = Path(__file__).resolve().parent / "segjob.toml"
"""The file that `init` writes; this repository's own segjob.toml is the same."""


def write_config(file: Path) -> bool:
    """Write the template unless there is a file; whether it was written."""
    if file.exists():
        return False
    try:
        file.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error}") from None
    return True


def install(registry: Registry) -> None:
    """Make the published schema, empty, or bring it up to date."""
    with registry.warehouse.writing(create=True):
        ensure_layout(registry)
