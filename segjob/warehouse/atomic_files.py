"""Files that readers keep open, replaced whole: a reader sees the old one or the new one, and never half of one."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from segjob.errors import WarehouseError
from segjob.warehouse.folder_lock import lock_folder

_WRITE_BITS = 0o222


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
    with _as_warehouse_error(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = lock_folder(folder, timeout, hint="wait longer with --lock-timeout")
    try:
        with _as_warehouse_error(folder):
            yield
    finally:
        os.close(handle)


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
        _settle(file.parent)
    finally:
        with suppress(OSError):
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
        flush(fresh)
        fresh.chmod(stat.S_IMODE(fresh.stat().st_mode) & ~_WRITE_BITS)
        _log_of(file).unlink(missing_ok=True)
        _allow_replacing(file)
        fresh.replace(file)
        _settle(file.parent)
    finally:
        with suppress(OSError):
            _remove(fresh)


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """A folder to write new files into; `folder`, a link, leads there when the block ends.

    The folder before stays for who still reads it, until the one after this is written.
    """
    generations = sorted(
        int(written)
        for path in folder.parent.glob(f".{folder.name}-*")
        if (written := path.name.rpartition("-")[2]).isdecimal()
    )
    fresh = folder.with_name(f".{folder.name}-{max(generations, default=0) + 1}")
    link = folder.with_name(f".{folder.name}.link")
    before = folder.parent / folder.readlink() if folder.is_symlink() else None
    fresh.mkdir()
    try:
        yield fresh
        for file in fresh.iterdir():
            flush(file)
        flush(fresh)
        link.unlink(missing_ok=True)
        link.symlink_to(fresh.name, target_is_directory=True)
        link.replace(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    _settle(folder.parent)
    for number in generations:
        older = folder.with_name(f".{folder.name}-{number}")
        if older != before:
            shutil.rmtree(older, ignore_errors=True)


def remove_older_folders(folder: Path) -> None:
    """Remove what `replaced_folder` keeps for who still reads the folder before."""
    current = folder.parent / folder.readlink()
    for path in folder.parent.glob(f".{folder.name}-*"):
        if path.name.rpartition("-")[2].isdecimal() and path != current:
            shutil.rmtree(path, ignore_errors=True)


def _settle(folder: Path) -> None:
    """Flush a folder in which something was replaced. It is in place: if this fails, only a power cut can undo it."""
    with suppress(OSError):
        flush(folder)


def _allow_replacing(file: Path) -> None:
    """Windows neither replaces nor removes a file that may be read only; elsewhere that is the folder's affair."""
    if os.name == "nt" and file.exists():
        file.chmod(stat.S_IREAD | stat.S_IWRITE)


def _remove(fresh: Path) -> None:
    for path in (fresh, _log_of(fresh)):
        _allow_replacing(path)
        path.unlink(missing_ok=True)


def _log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.wal")


def flush(path: Path) -> None:
    """Have the disk write it down. Windows does that for files that are open for writing, and never for folders."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _as_warehouse_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WarehouseError(
            f"{folder} cannot be written: {error.strerror or error}", hint="check the folder and the disk"
        ) from error
