"""`segjob init`: a commented config file to start from, and the empty schema."""

from __future__ import annotations

from pathlib import Path

from segjob.errors import ConfigError
from segjob.registry.registry import Registry
from segjob.registry.schema import ensure_layout
from segjob.warehouse.atomic_files import write_whole

TEMPLATE = Path(__file__).resolve().parent / "segjob.toml"
"""The file that `init` writes; this repository's own segjob.toml is the same."""


def write_config(file: Path) -> bool:
    """Write the template unless there is a file; whether it was written.

    Raises
    ------
    ConfigError : the path is a link to nothing or has another suffix, or it cannot be written.
    """
    if file.exists():
        return False
    # The suffix keeps it from being made in the place of a warehouse, or of its write-ahead log.
    if file.is_symlink() or file.suffix != ".toml":
        what = "it is a link to nothing" if file.is_symlink() else "its name has to end in .toml"
        raise ConfigError(f"the config file cannot be {file}: {what}", hint="name another --config")
    try:
        write_whole(file, TEMPLATE.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror or error}") from None
    return True


def install(registry: Registry) -> None:
    """Make the published schema, empty, or bring it up to date."""
    with registry.warehouse.writing(create=True):
        ensure_layout(registry)
