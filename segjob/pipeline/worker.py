"""Evidence gathered in a second process while the sweep runs: both are numpy on small arrays, which threads slow down.

`python -m segjob.pipeline.worker` reads a question from its standard input and writes the answer to its output; nothing
else is shared, so the answer is the one that the same call gives here.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from segjob.core.select_k.evidence import EvidenceRequest, KEvidence, gather

FEWEST_ROWS = 1_000
"""The answer about fewer rows is here sooner than another Python starts."""
_MARK = b"\x00answer\x00"
"""What comes before it is not ours: whatever every Python here loads may greet on the same output."""

Ask = Callable[[EvidenceRequest], Callable[[], KEvidence]]
"""Puts a question; call what it returns for the answer."""


@contextmanager
def second_process(rows: int) -> Iterator[Ask]:
    """Start one, for questions about so many rows, and before they are read: it takes a quarter of a second.

    A process that cannot start or does not answer costs time and nothing else: the evidence is gathered here then. It
    is ended with the block, whether it has answered or not.
    """
    other = _begun() if rows >= FEWEST_ROWS and (os.cpu_count() or 1) >= 2 else None
    if other is None:
        yield lambda asked: lambda: gather(asked)
        return
    with other, ThreadPoolExecutor(1) as waiting:

        def ask(asked: EvidenceRequest) -> Callable[[], KEvidence]:
            answer = waiting.submit(_answer, other, pickle.dumps(asked))
            return lambda: answer.result() or gather(asked)

        try:
            yield ask
        finally:
            other.kill()


def _begun() -> subprocess.Popen[bytes] | None:
    """Another Python; it looks for no modules in the current directory (-P): a file there may be called numpy."""
    if not sys.executable:
        return None
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "segjob.pipeline.worker"]
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=one_thread)
    except OSError:
        return None


def _answer(other: subprocess.Popen[bytes], question: bytes) -> KEvidence | None:
    """The other process's answer; None where there is none."""
    told, _ = other.communicate(question)
    _, mark, written = told.partition(_MARK)
    if other.returncode or not mark:
        return None
    answer: KEvidence = pickle.loads(written)
    return answer


if __name__ == "__main__":
    found = gather(pickle.load(sys.stdin.buffer))
    sys.stdout.buffer.write(_MARK + pickle.dumps(found))
