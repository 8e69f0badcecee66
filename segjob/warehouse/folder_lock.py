"""A lock on a folder: one process at a time holds it, and the lock file names the holder to whoever waits."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

from segjob.errors import WarehouseBusy

LOCK_FILE = ".segjob.lock"
_RETRY_SECONDS = 0.05
_NAME_AT, _NAME_BYTES = 1, 20
"""Where the holder's number stands: Windows locks byte 0, and nobody else can read that."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""Whoever holds the lock writes into the file, and a link may lead to anybody's."""


def lock_folder(
    folder: Path, timeout: float, *, hint: str, is_free: Callable[[], bool] = lambda: True
) -> int:
    """Hold the folder against other processes until the returned descriptor is closed, or this process ends.

    Parameters
    ----------
    timeout : seconds to try for.
    hint : what to do when somebody else holds it for longer.
    is_free : a further condition, such as that a process of another program has let go of the folder.

    Raises
    ------
    WarehouseBusy : another process held it all the time; the message names it.
    OSError : the lock file cannot be made or written.
    """
    from filelock import lock_descriptor

    handle = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666)
    try:
        deadline, locked = time.monotonic() + timeout, False
        while not ((locked := locked or lock_descriptor(handle, blocking=False)) and is_free()):
            if time.monotonic() >= deadline:
                raise WarehouseBusy(f"{folder} is held by {_holder(handle)}; waited {timeout:g} s", hint=hint)
            # The jitter keeps two processes that wait for each other from trying in step.
            time.sleep(_RETRY_SECONDS * random.uniform(0.5, 1.5))
        os.ftruncate(handle, 0)
        os.write(handle, f"{'':{_NAME_AT}}{os.getpid()}".encode())
    except BaseException:
        os.close(handle)
        raise
    return handle


def _holder(handle: int) -> str:
    os.lseek(handle, _NAME_AT, os.SEEK_SET)
    number = os.read(handle, _NAME_BYTES).decode(errors="replace").strip()
    return f"process {number}" if number else "another process"


def is_unlocked(file: Path) -> bool:
    """Whether no process holds a POSIX record lock on the file, which is the kind that Java takes.

    Always true on Windows, where Java's locks are mandatory: who opens the file all the same gets an error.
    """
    if not file.exists() or not hasattr(os, "lockf"):
        return True
    with file.open("r+b") as opened:
        try:
            os.lockf(opened.fileno(), os.F_TEST, 0)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            return False
    return True
