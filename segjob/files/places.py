"""Which texts name a file, and whether it is one that can be read; said before a reader opens it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from segjob.errors import ConfigError, DataError

_TEXT = (".csv", ".tsv", ".tab", ".txt", ".dat", ".csv.gz", ".csv.zst", ".tsv.gz")
PARQUET = (".parquet", ".parq", ".pq")
_OTHERS = (
    ".xlsx",
    ".xls",
    ".xlsm",
    ".ods",
    ".json",
    ".jsonl",
    ".ndjson",
    ".feather",
    ".arrow",
    ".orc",
    ".avro",
    ".zip",
)
_BINARY = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"%PDF": "a PDF document",
    b"PAR1": "a Parquet file; name it so (.parquet)",
    b"SQLite format 3": "a SQLite database",
    b"\x1f\x8b": "compressed; name it so (.csv.gz)",
}
"""How a file begins that is no text, whatever its name."""


def names_a_file(text: str) -> bool:
    """Whether the text names a file and not a relation.

    >>> names_a_file("exports/shop.csv"), names_a_file("sales.customers"), names_a_file('"and/or"')
    (True, False, False)
    """
    if text.startswith('"'):
        return False
    return text.lower().endswith((*_TEXT, *PARQUET, *_OTHERS)) or "/" in text or os.sep in text


def files_of(text: str, option: str) -> Sequence[Path]:
    """The files that the text names, each of a kind that can be read: one, or those that a pattern finds.

    Raises
    ------
    ConfigError : there is none, or it is no kind of file that can be read.
    DataError : what is in it is not what its name says.
    """
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", text):
        raise ConfigError(
            f"{option} {text} is not a local file", hint="download it first: segjob loads nothing"
        )
    if text.lower().endswith(_OTHERS):
        raise ConfigError(
            f"{option} {text}: only CSV and Parquet files can be read",
            hint="save it as CSV; in a spreadsheet, File > Save as > CSV UTF-8",
        )
    path = Path(text).expanduser()
    if path.exists() and re.search(r"[*?\[]", text):
        raise ConfigError(f"{option} {text}: in a file's name * ? [ are a pattern", hint="rename the file")
    files = [path] if path.exists() else sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
    if not files:
        raise ConfigError(f"{option}: there is no file {text}{_beside(path)}", hint="check the path")
    for file in files:
        _refuse_unreadable(file, option)
    return files


def _beside(path: Path) -> str:
    """What is in its place, so that a slip is seen."""
    try:
        found = sorted(p.name for p in path.parent.iterdir() if p.name.lower().endswith((*_TEXT, *PARQUET)))
    except OSError:
        return f": there is no folder {path.parent}"
    return f"; in its folder are {', '.join(found[:8])}" if found else ""


def _refuse_unreadable(file: Path, option: str) -> None:
    if not file.is_file():
        kind = "a folder" if file.is_dir() else "a pipe or a device"
        raise ConfigError(f"{option} {file} is {kind}, not a file", hint="name a CSV or Parquet file")
    try:
        with file.open("rb") as opened:
            head = opened.read(4096)
    except OSError as error:
        raise ConfigError(
            f"{option} {file} cannot be read: {error.strerror}", hint="check its permissions"
        ) from None
    if not head:
        raise DataError(
            f"{file} is empty: it has not even a header", hint="name a file with a header and rows"
        )
    name = file.name.lower()
    if name.endswith(PARQUET):
        if not head.startswith(b"PAR1"):
            raise DataError(
                f"{file} is not a Parquet file, whatever its name says", hint="name a CSV file .csv"
            )
        return
    if name.endswith((".gz", ".zst")):
        return
    known = next((what for start, what in _BINARY.items() if head.startswith(start)), None)
    if known is None and _is_binary(head):
        known = "no text"
    if known is not None:
        raise DataError(f"{file} is {known}", hint="only CSV and Parquet files can be read")


def _is_binary(head: bytes) -> bool:
    """Whether there are zero bytes that are not those of UTF-16, which has them in every second place."""
    if b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    return 0 in head[::2] and 0 in head[1::2]
