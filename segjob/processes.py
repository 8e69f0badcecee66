"""Other processes that answer calls, because threads would slow each other down.

`python -m segjob.processes MODULE` imports the module, reads functions and their arguments from its standard input and
writes the results to its output. It shares nothing else, so a result is the one that the same call gives in this
process.
"""

from __future__ import annotations

import functools
import importlib
import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

_MARK = b"\x00answer\x00"
"""Stands before an answer: whatever every Python here loads may print something first."""
_LENGTH = 8
"""Bytes that say how long an answer is."""
_EVIDENCE = "segjob.core.select_k.evidence"
"""What another process imports while nobody has asked it yet: all that it takes to gather evidence on k."""

Call = tuple[Callable[[Any], Any], Any]
"""A function of a module, so that another process finds it by its name, and its argument."""
_started: list[subprocess.Popen[bytes]] = []
"""Started ahead, for the first who wants one."""


def start_ahead() -> None:
    """Start a process while this one still imports: starting takes a quarter of a second. It ends with this process."""
    if (os.cpu_count() or 1) >= 2 and (process := _start()) is not None:
        _started.append(process)


def is_started() -> bool:
    """Whether a process waits for the first who wants one."""
    return bool(_started)


class Processes:
    """Other Pythons, and a thread for each that hands it calls; all of them end with the block."""

    def __init__(self, count: int) -> None:
        ahead = [_started.pop() for _ in range(min(count, len(_started)))]
        fresh = [process for _ in range(count - len(ahead)) if (process := _start()) is not None]
        self._processes = ahead + fresh

    def __enter__(self) -> Processes:
        from concurrent.futures import ThreadPoolExecutor

        self._stack = ExitStack()
        self._threads = self._stack.enter_context(ThreadPoolExecutor(max(1, len(self._processes))))
        for process in self._processes:
            self._stack.enter_context(process)
            self._stack.callback(_end, process)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def begin(self, calls: Sequence[Call]) -> Callable[[], list[Any]]:
        """Let the processes take calls from the first on; call the result to take part, and for all answers."""
        waiting, answers = deque(range(len(calls))), [None] * len(calls)

        def work(answer: Callable[[Call], Any]) -> None:
            while True:
                try:
                    i = waiting.popleft()
                except IndexError:
                    return
                answers[i] = answer(calls[i])
                if answers[i] is None:  # its process has failed
                    return

        handed = [self._threads.submit(work, functools.partial(_ask, process)) for process in self._processes]

        def finish() -> list[Any]:
            work(_called)
            for each in handed:
                # What has not begun waits behind an earlier question, and nothing is left for it to do.
                if not each.cancel():
                    each.result()
            return [_called(calls[i]) if answer is None else answer for i, answer in enumerate(answers)]

        return finish


def _called(call: Call) -> Any:
    function, argument = call
    return function(argument)


def _start() -> subprocess.Popen[bytes] | None:
    """Another Python; -P keeps it from importing from the current directory, where a file may be called numpy."""
    if not sys.executable:
        return None
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-P", "-m", "segjob.processes", _EVIDENCE]
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=one_thread)
    except OSError:
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill it; what it had not read yet is of no use."""
    process.kill()
    with suppress(OSError):
        assert process.stdin is not None
        process.stdin.close()


def _ask(process: subprocess.Popen[bytes], call: Call) -> Any:
    """Send a call and read its answer; None if the process fails."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        pickle.dump(call, process.stdin)
        process.stdin.flush()
    except OSError:
        return None
    read = b""
    while not read.endswith(_MARK):
        byte = process.stdout.read(1)
        if not byte:
            return None
        read += byte
    length = int.from_bytes(process.stdout.read(_LENGTH), "big")
    pickled = process.stdout.read(length)
    return pickle.loads(pickled) if length and len(pickled) == length else None


def _serve() -> None:
    while True:
        try:
            call = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickled = pickle.dumps(_called(call))
        sys.stdout.buffer.write(_MARK + len(pickled).to_bytes(_LENGTH, "big") + pickled)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    importlib.import_module(sys.argv[1])
    _serve()
