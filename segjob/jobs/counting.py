"""Count groups in a process of its own, while the sweep runs: both are numpy on small arrays, which threads slow down.

`python -m segjob.jobs.counting` reads rows and a seed from its standard input and writes the evidence to its output;
nothing else is shared, so the answer is the one that the same call gives here.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from segjob.core.groups import Evidence, look
from segjob.core.model import Floats

FEWEST_ROWS = 1_000
"""Fewer rows are counted sooner than another Python starts."""
_MARK = b"\x00evidence\x00"
"""What comes before it is not ours: whatever every Python here loads may greet on the same output."""


@contextmanager
def counted_meanwhile(rows: Floats, seed: int) -> Iterator[Callable[[], Evidence]]:
    """Begin to count; call what this yields for the answer.

    A process that cannot start or does not answer costs time and nothing else: the groups are counted here then. It is
    ended with the block, whether it has answered or not.
    """
    other = _begun() if len(rows) >= FEWEST_ROWS and (os.cpu_count() or 1) >= 2 else None
    if other is None:
        yield lambda: look(rows, seed)
        return
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(_answer, other, pickle.dumps((rows, seed)))
        try:
            yield lambda: answer.result() or look(rows, seed)
        finally:
            other.kill()


def _begun() -> subprocess.Popen[bytes] | None:
    """Another Python; it looks for no modules in the current directory (-P): a file there may be called numpy."""
    if not sys.executable:
        return None
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "segjob.jobs.counting"]
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=one_thread)
    except OSError:
        return None


def _answer(other: subprocess.Popen[bytes], question: bytes) -> Evidence | None:
    """The other process's answer; None where there is none."""
    told, _ = other.communicate(question)
    _, mark, written = told.partition(_MARK)
    if other.returncode or not mark:
        return None
    evidence: Evidence = pickle.loads(written)
    return evidence


if __name__ == "__main__":
    found = look(*pickle.load(sys.stdin.buffer))
    sys.stdout.buffer.write(_MARK + pickle.dumps(found))
