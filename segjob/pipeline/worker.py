"""A second process that gathers evidence about k while the sweep runs: threads would slow both down.

`python -m segjob.pipeline.worker` reads a request from its standard input and writes the evidence to its output. It
shares nothing else, so the evidence is the one that the same call gives in this process.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from segjob.core.select_k.evidence import GroupEvidence, GroupRequest, gather_groups

FEWEST_ROWS = 1_000
"""Evidence about fewer rows is gathered sooner than another Python starts."""
_MARK = b"\x00evidence\x00"
"""Stands before the evidence: whatever every Python here loads may print something first."""

Ask = Callable[[GroupRequest], Callable[[], GroupEvidence]]
"""Takes a request and returns at once; call the result to wait for the evidence."""


@contextmanager
def evidence_worker(rows: int) -> Iterator[Ask]:
    """Start the process for a request about so many rows, before they are read: starting takes a quarter of a second.

    If it cannot start or fails, the evidence is gathered in this process. It ends with the block.
    """
    process = _start() if rows >= FEWEST_ROWS and (os.cpu_count() or 1) >= 2 else None
    if process is None:
        yield lambda request: lambda: gather_groups(request)
        return
    with process, ThreadPoolExecutor(1) as thread:

        def ask(request: GroupRequest) -> Callable[[], GroupEvidence]:
            evidence = thread.submit(_exchange, process, pickle.dumps(request))
            return lambda: evidence.result() or gather_groups(request)

        try:
            yield ask
        finally:
            process.kill()


def _start() -> subprocess.Popen[bytes] | None:
    """Another Python; -P keeps it from importing from the current directory, where a file may be called numpy."""
    if not sys.executable:
        return None
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "segjob.pipeline.worker"]
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=one_thread)
    except OSError:
        return None


def _exchange(process: subprocess.Popen[bytes], request: bytes) -> GroupEvidence | None:
    """Send the request and read the evidence; None if the process fails."""
    output, _ = process.communicate(request)
    _, mark, pickled = output.partition(_MARK)
    if process.returncode or not mark:
        return None
    evidence: GroupEvidence = pickle.loads(pickled)
    return evidence


if __name__ == "__main__":
    answer = gather_groups(pickle.load(sys.stdin.buffer))
    sys.stdout.buffer.write(_MARK + pickle.dumps(answer))
