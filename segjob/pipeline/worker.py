"""Other processes: one gathers evidence about k while the sweep runs, several fit a partition each.

Threads would slow each other down. `python -m segjob.pipeline.worker` reads a function and its argument from its
standard input and writes the result to its output. It shares nothing else, so the result is the one that the same call
gives in this process.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar

from segjob.core.select_k import evidence
from segjob.core.select_k.evidence import GroupEvidence, GroupRequest, gather_groups

FEWEST_ROWS = 1_000
"""Evidence about fewer rows is gathered sooner than another Python starts."""
_MARK = b"\x00evidence\x00"
"""Stands before the evidence: whatever every Python here loads may print something first."""

Task = TypeVar("Task")
Answer = TypeVar("Answer")
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
            answer = thread.submit(_exchange, process, pickle.dumps((evidence.gather_groups, request)))
            return lambda: answer.result() or gather_groups(request)

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


def _exchange(process: subprocess.Popen[bytes], request: bytes) -> Any:
    """Send the request and read the answer; None if the process fails."""
    output, _ = process.communicate(request)
    _, mark, pickled = output.partition(_MARK)
    if process.returncode or not mark:
        return None
    return pickle.loads(pickled)


def in_processes(function: Callable[[Task], Answer], tasks: Sequence[Task]) -> list[Answer]:
    """The function's answer to each task, by as many processes as there are processors, this one among them.

    Parameters
    ----------
    function : of a module, so that another process finds it by its name.
    tasks : about equally long from the first to the last, or in the order of their length.
    """
    count = max(1, min(os.cpu_count() or 1, len(tasks)))
    others = [process for _ in range(count - 1) if (process := _start()) is not None]
    shares = [tasks[i :: len(others) + 1] for i in range(len(others) + 1)]
    answers: list[list[Answer]] = []
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(max(1, len(others))))
        for process in others:
            stack.enter_context(process)
            stack.callback(process.kill)
        asked = [
            threads.submit(_exchange, process, pickle.dumps((_each, (function, share))))
            for process, share in zip(others, shares[1:], strict=True)
        ]
        answers.append([function(task) for task in shares[0]])
        for waiting, share in zip(asked, shares[1:], strict=True):
            answers.append(waiting.result() or [function(task) for task in share])
    return [answers[i % len(shares)][i // len(shares)] for i in range(len(tasks))]


def _each(work: tuple[Callable[[Task], Answer], Sequence[Task]]) -> list[Answer]:
    function, tasks = work
    return [function(task) for task in tasks]


if __name__ == "__main__":
    # By its name in the package: what was pickled there is found there, not in a module called __main__.
    asked_function, argument = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(_MARK + pickle.dumps(asked_function(argument)))
