"""Which files a report may replace: its own, which carry a mark near their beginning, and nothing else."""

from __future__ import annotations

from pathlib import Path

from segjob.errors import ConfigError

GENERATOR = "segjob report"
SVG_MARK = f"<!-- Made by {GENERATOR} -->"
_MARKS = (
    f'<meta name="generator" content="{GENERATOR}">'.encode(),
    SVG_MARK.encode(),
    f"Software\0{GENERATOR}".encode(),  # a text chunk of PNG
)
_HEAD_BYTES = 1024
"""In all three formats the mark comes before anything of variable length."""


def check_replaceable(file: Path, option: str) -> None:
    """Let a path pass that is free, or holds a page or figure of segjob's own.

    option : of the command line, where the path comes from.

    Raises
    ------
    ConfigError : something else is there.
    OSError : it cannot be read.
    """
    what = _foreign(file)
    if what is not None:
        raise ConfigError(
            f"{file} is {what}: it is not replaced",
            hint=f"name another place with {option}, or move that one away",
        )


def _foreign(file: Path) -> str | None:
    """What stands at the path, unless it is free or a report's own file."""
    if file.is_symlink():
        return "a link"
    if not file.exists():
        return None
    if not file.is_file():
        return "a folder" if file.is_dir() else "no regular file"
    with file.open("rb") as content:
        head = content.read(_HEAD_BYTES)
    return None if any(mark in head for mark in _MARKS) else "no page or figure of segjob report"
