"""Other processes: one gathers evidence about k while the sweep runs, several fit a partition each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from segjob.core.select_k.evidence import EvidenceRequest, KEvidence, gather
from segjob.processes import Processes, is_started

FEWEST_ROWS = 1_000
"""Evidence about fewer rows is gathered sooner than another Python starts; it may have been started ahead."""

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Ask = Callable[[EvidenceRequest], Callable[[], KEvidence]]
"""Takes a request and returns at once; call the result to gather what the other process has not, and to wait for it."""


@contextmanager
def evidence_worker(rows: int) -> Iterator[Ask]:
    """Start the process for a request about so many rows, before they are read.

    If it cannot start or fails, the evidence is gathered in this process. It ends with the block.
    """
    is_worth_it = is_started() or (rows >= FEWEST_ROWS and (os.cpu_count() or 1) >= 2)
    with Processes(1 if is_worth_it else 0) as processes:
        yield lambda request: gather(request, processes.begin)


def in_processes(function: Callable[[Task], Answer], tasks: Sequence[Task]) -> list[Answer]:
    """The function's answer to each task, by as many processes as there are processors, this one among them.

    Parameters
    ----------
    function : of a module, so that another process finds it by its name.
    tasks : the longest first, so that no process is left alone with it.
    """
    with Processes(min(os.cpu_count() or 1, len(tasks)) - 1) as processes:
        return processes.begin([(function, task) for task in tasks])()
