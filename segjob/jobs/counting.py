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


@contextmanager
def counted_meanwhile(rows: Floats, seed: int) -> Iterator[Callable[[], Evidence]]:
    """Begin to count; call what this yields for the answer.

    A process that cannot start or does not answer costs time and nothing else: the groups are counted here then.
    """
    if len(rows) < FEWEST_ROWS or (os.cpu_count() or 1) < 2:
        yield lambda: look(rows, seed)
        return
    with ThreadPoolExecutor(1) as waiting:
        answer = waiting.submit(_asked, rows, seed)
        yield lambda: answer.result() or look(rows, seed)


def _asked(rows: Floats, seed: int) -> Evidence | None:
    """The other process's answer; None where there is none."""
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "segjob.jobs.counting"]
    try:
        done = subprocess.run(command, input=pickle.dumps((rows, seed)), capture_output=True, env=one_thread)
    except OSError:
        return None
    if done.returncode:
        return None
    evidence: Evidence = pickle.loads(done.stdout)
    return evidence


if __name__ == "__main__":
    pickle.dump(look(*pickle.load(sys.stdin.buffer)), sys.stdout.buffer)
