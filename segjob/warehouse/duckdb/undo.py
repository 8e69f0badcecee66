"""What a DuckDB file was before a checkpoint, kept beside it until the checkpoint is through.

A checkpoint writes everything into blocks that nothing refers to, and turns to them by writing a header last; except
that DuckDB packs metadata, 4 KB each, into blocks of which other parts are in use, and writes these blocks over. A
process that is killed within such a write leaves a block that is half old and half new, whose checksum is wrong, and
nobody can open the file any more. These few blocks are therefore copied first; see decision 28.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from segjob.warehouse.atomic_files import write_whole
from segjob.warehouse.duckdb.names import quoted

SUFFIX = ".segjob-undo"
_MAGIC = b"segjob undo 1\n"
_DIGEST_AT, _CONTENT_AT = len(_MAGIC), len(_MAGIC) + hashlib.sha256().digest_size
_HEADERS = 3 * 4096
"""Bytes before the first block: the file's header and two of the database, written in turns."""


def undo_file(file: Path) -> Path:
    """Where the copy of this file's blocks is, by whatever name the file is known."""
    file = file.resolve()
    return file.with_name(file.name + SUFFIX)


class GuardedCheckpoint:
    """The only way in which segjob merges the log of a file into it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle: int | None = None

    def run(self, connection: Any, catalog: str) -> None:
        """Merge the log of the file, attached on DuckDB's connection for writing under this name.

        Raises
        ------
        OSError : the copy cannot be written, so nothing is merged.
        duckdb.Error : the file cannot be.
        """
        if hasattr(os, "lockf"):  # Windows shares no file that is written, and ends no process within a write
            self.keep(connection, catalog)
        connection.execute(f"checkpoint {quoted(catalog)}")
        undo_file(self._file).unlink(missing_ok=True)

    def keep(self, connection: Any, catalog: str) -> None:
        """Copy the headers and all blocks of metadata."""
        if self._handle is None:
            self._handle = os.open(self._file, os.O_RDONLY)
        blocks = connection.execute(
            "select block_id from pragma_metadata_info(?) order by block_id", [catalog]
        ).fetchall()
        [(size,)] = connection.execute(
            "select block_size from pragma_database_size() where database_name = ?", [catalog]
        ).fetchall()
        places = [(0, _HEADERS), *((_HEADERS + block * size, size) for (block,) in blocks)]
        parts = [os.pread(self._handle, length, start) for start, length in places]
        content = json.dumps(places).encode() + b"\n" + b"".join(parts)
        write_whole(
            undo_file(self._file), _MAGIC + hashlib.sha256(content).digest() + content, like=self._file
        )

    def close(self) -> None:
        """After DuckDB has closed the file, and not before: who closes any handle of a file loses all its locks."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def settle(file: Path) -> None:
    """Undo the checkpoint of a job that was killed in it, if that is how the file was left.

    Only for a file that DuckDB refuses to open because of a checksum: then no connection of this process has it, whose
    locks would be lost here, and it is not another file that was made since and happens to have the same headers.

    Nothing is done while another process has the file open, and nothing to a file that has changed since: DuckDB writes
    the header last, so a file with the header of the copy is the one that the copy was made of, and the log, which is
    removed after that, still has what the job had committed.

    Raises
    ------
    OSError : the file cannot be written.
    """
    copy = undo_file(file)
    if not copy.exists():
        return
    with file.open("r+b") as opened:
        try:
            os.lockf(opened.fileno(), os.F_TLOCK, 0)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            return
        parts = _parts(copy)
        if not parts:
            return
        if os.pread(opened.fileno(), _HEADERS, 0) == parts[0]:
            for start, part in parts.items():
                opened.seek(start)
                opened.write(part)
            opened.flush()
            os.fsync(opened.fileno())
        copy.unlink()


def _parts(copy: Path) -> dict[int, bytes]:
    """What stood where in the file; nothing where the copy is not whole, or gone: its maker held the file till now."""
    try:
        stored = copy.read_bytes()
    except FileNotFoundError:
        return {}
    magic, digest, content = stored[:_DIGEST_AT], stored[_DIGEST_AT:_CONTENT_AT], stored[_CONTENT_AT:]
    if magic != _MAGIC or hashlib.sha256(content).digest() != digest:
        return {}
    listed, _, blocks = content.partition(b"\n")
    parts, at = {}, 0
    for start, size in json.loads(listed):
        parts[start] = blocks[at : at + size]
        at += size
    return parts
