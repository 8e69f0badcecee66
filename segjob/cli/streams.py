"""Standard output and error that cannot fail: what a reader no longer takes, or a full disk refuses, is dropped.

A command that has published must not end with another exit code because nobody listens any more. What was lost is
known afterwards, so that a command whose output is all it does can say so.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Descriptor(io.RawIOBase):
    """Bytes to a file descriptor; after the first error they go nowhere. error : that error."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.descriptor = descriptor
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.descriptor

    def isatty(self) -> bool:
        return os.isatty(self.descriptor)

    def write(self, data: ReadableBuffer, /) -> int:
        size = memoryview(data).nbytes
        while self.error is None:
            try:
                return os.write(self.descriptor, data)
            except BlockingIOError:  # a pipe that somebody has set to non-blocking: wait for its reader
                select.select([], [self.descriptor], [])
            except OSError as error:
                self.error = error
        return size


def open_standard_streams() -> None:
    """Replace sys.stdout and sys.stderr.

    Closed descriptors lead to nowhere first: the next file that is opened, the warehouse for one, would get the number
    of standard output, and be written into by whatever prints.
    """
    while (opened := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(opened)
    sys.stdout, sys.stderr = _stream(sys.stdout, 1), _stream(sys.stderr, 2)


def _stream(stream: TextIO | None, descriptor: int) -> io.TextIOWrapper:
    raw = _Descriptor(descriptor)
    # A character that the terminal's encoding lacks is shown as its number.
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding="utf-8" if stream is None else stream.encoding,
        errors="backslashreplace",
        line_buffering=descriptor == 2 or raw.isatty(),
    )


def lost_output() -> OSError | None:
    """Why standard output could not be written; None if it was, or if its reader had enough, as `head` has."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    error = raw.error if isinstance(raw, _Descriptor) else None
    return None if error is None or error.errno == errno.EPIPE else error
