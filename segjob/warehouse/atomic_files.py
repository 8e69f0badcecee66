"""Files that readers keep open, replaced whole: a reader sees the old one or the new one, and never half of one."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segjob.errors import WarehouseBusy, WarehouseError

_WRITE_BITS = 0o222
_POLL = 0.05


def is_ours(file: Path) -> bool:
    """Whether nobody may write the file, which is how `replaced_file` leaves one."""
    return file.is_file() and not stat.S_IMODE(file.stat().st_mode) & _WRITE_BITS


@contextmanager
def one_at_a_time(folder: Path, timeout: float) -> Iterator[None]:
    """Hold the folder against other jobs that replace files in it; made where it is missing.

    Raises
    ------
    WarehouseBusy : another job has held it for `timeout` seconds.
    WarehouseError : the folder cannot be made or written.
    """
    with _in_words(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / ".segjob.lock", os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _take(handle, folder, time.monotonic() + timeout)
        with _in_words(folder):
            yield
    finally:
        os.close(handle)


def _take(handle: int, folder: Path, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise WarehouseBusy(
                    f"another job writes to {folder}", hint="wait longer with --lock-timeout"
                ) from None
            time.sleep(_POLL)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file aside and rename it; it keeps the permissions of the one that it replaces.

    Raises
    ------
    OSError : it cannot be written; what was there before is as it was.
    """
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        with fresh.open("xb") as handle:  # exclusively, so that no link is followed
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        if file.exists():
            fresh.chmod(stat.S_IMODE(file.stat().st_mode))
        fresh.replace(file)
        _flush(file.parent)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def replaced_file(file: Path) -> Iterator[Path]:
    """A path to write the new file at; it takes the old one's place when the block ends, and nothing does if it raises.

    Who has the old file open goes on reading it. The new one may be read only, and no write-ahead log of an older file
    is left beside it: it would be replayed into the new one.
    """
    fresh = file.with_name(f".{file.name}.new")
    _remove(fresh)
    try:
        yield fresh
        _flush(fresh)
        fresh.chmod(stat.S_IMODE(fresh.stat().st_mode) & ~_WRITE_BITS)
        _log_of(file).unlink(missing_ok=True)
        fresh.replace(file)
        _flush(file.parent)
    finally:
        _remove(fresh)


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """A folder to write new files into; `folder`, a link, leads there when the block ends.

    The folder before stays for who still reads it, until the one after this is written.
    """
    generations = sorted(
        int(found.name.rpartition("-")[2])
        for found in folder.parent.glob(f".{folder.name}-*")
        if found.name.rpartition("-")[2].isdecimal()
    )
    fresh = folder.with_name(f".{folder.name}-{max(generations, default=0) + 1}")
    link = folder.with_name(f".{folder.name}.link")
    before = folder.parent / folder.readlink() if folder.is_symlink() else None
    fresh.mkdir()
    try:
        yield fresh
        for file in fresh.iterdir():
            _flush(file)
        _flush(fresh)
        link.unlink(missing_ok=True)
        link.symlink_to(fresh.name, target_is_directory=True)
        link.replace(folder)
        _flush(folder.parent)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    for number in generations:
        older = folder.with_name(f".{folder.name}-{number}")
        if older != before:
            shutil.rmtree(older, ignore_errors=True)


def _remove(fresh: Path) -> None:
    for path in (fresh, _log_of(fresh)):
        path.unlink(missing_ok=True)


def _log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _in_words(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(
            f"{folder} cannot be written: {error.strerror or error}", hint="check the folder and the disk"
        ) from error
