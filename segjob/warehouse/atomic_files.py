"""Files that readers keep open, replaced whole: a reader sees the old one or the new one, and never half of one."""

from __future__ import annotations

import glob
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


def write_whole(file: Path, content: bytes, like: Path | None = None) -> None:
    """Write a file aside and rename it; it gets the permissions of the one that it replaces, or of `like`.

    Parameters
    ----------
    like : whose owner and group it gets, too, where this user may give files away.

    Raises
    ------
    OSError : it cannot be written; what was there before is as it was.
    """
    fresh = file.with_name(f".{file.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        with fresh.open("xb") as handle:  # exclusively, so that no link is followed
            if like is not None:
                take_after(like, fresh)
            elif file.exists():
                shutil.copymode(file, fresh)
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        fresh.replace(file)
        _settle(file.parent)
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def take_after(model: Path, fresh: Path) -> None:
    """Give a file the permissions of another, and its owner and group where this user may give files away."""
    status = model.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(fresh, status.st_uid, status.st_gid)
    shutil.copymode(model, fresh)


@contextmanager
def replaced_file(file: Path) -> Iterator[Path]:
    """A path to write the new file at; `file`, a link, leads there when the block ends, and nowhere else if it raises.

    DuckDB opens a file three times on its way to the first row, and takes what it read from the first for true of the
    last: a file that is renamed in between is an internal error. It follows a link once. The new file may be read only.
    The one before stays for who is just opening it, until the one after this is written.
    """
    if os.name == "nt":  # where links need a privilege, and nobody replaces a file that is open
        with _renamed(file) as fresh:
            yield fresh
        return
    fresh = _next_version(file)
    try:
        yield fresh
        flush(fresh)
        fresh.chmod(stat.S_IMODE(fresh.stat().st_mode) & ~_WRITE_BITS)
        before = _lead_to(file, fresh)
    except BaseException:
        with suppress(OSError):
            _remove(fresh)
        raise
    with suppress(OSError):
        _log_of(file).unlink(missing_ok=True)  # of a file that stood here before there were links
    _settle(file.parent)
    remove_older(file, before)


@contextmanager
def _renamed(file: Path) -> Iterator[Path]:
    """The same by renaming; no write-ahead log of an older file is left beside it: it would be replayed into it."""
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
    fresh = _next_version(folder)
    fresh.mkdir()
    try:
        yield fresh
        for file in fresh.iterdir():
            flush(file)
        flush(fresh)
        before = _lead_to(folder, fresh)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    _settle(folder.parent)
    remove_older(folder, before)


def remove_older(link: Path, before: Path | None = None) -> None:
    """Remove all versions but the one that the link leads to; and but the one before, which somebody may still read."""
    if not link.is_symlink():
        return
    current = link.parent / link.readlink()
    for path in _versions(link).values():
        if path not in (current, before) and _is_ours_to_remove(path):
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else _remove(path)


def _versions(link: Path) -> dict[int, Path]:
    """Every version of what the link leads to, by its number; not the logs of some."""
    named = {path: path.name.rpartition("-")[2] for path in link.parent.glob(f".{glob.escape(link.name)}-*")}
    return {int(number): path for path, number in named.items() if number.isdecimal()}


def _is_ours_to_remove(version: Path) -> bool:
    """A folder of Parquet files, whole or half written, or a file; no link, and no folder with anything else."""
    if version.is_symlink():
        return False
    return not version.is_dir() or all(file.suffix == ".parquet" for file in version.iterdir())


def _next_version(link: Path) -> Path:
    return link.with_name(f".{link.name}-{max(_versions(link), default=0) + 1}")


def _lead_to(link: Path, fresh: Path) -> Path | None:
    """Let the link lead there, in one step; where it led before."""
    before = link.parent / link.readlink() if link.is_symlink() else None
    aside = link.with_name(f".{link.name}.link")
    aside.unlink(missing_ok=True)
    aside.symlink_to(fresh.name, target_is_directory=fresh.is_dir())
    aside.replace(link)
    return before


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
