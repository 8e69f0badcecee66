"""What a job reports while it works. How that is shown, and whether, is the caller's business."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from segjob.warehouse.base import Ledger


@dataclass
class Phase:
    """One named part of a job.

    seconds : wall time; statements : sent to the warehouse; rows : that it went over, where that means something.
    """

    name: str
    seconds: float = 0.0
    statements: int = 0
    rows: int | None = None
    note: str = ""


@dataclass
class Progress:
    """Keeps the phases. Silent; a subclass shows them.

    segmentation, current : the segmentation and the name of the phase that the job is about now.
    """

    phases: list[Phase] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    segmentation: str = ""
    current: str = "checking"

    @contextmanager
    def phase(self, name: str, ledger: Ledger | None = None) -> Iterator[Phase]:
        """Time a block and count its statements."""
        phase, started = Phase(name), time.perf_counter()
        before, self.current = ledger.statements if ledger else 0, name
        self.started(phase)
        yield phase
        phase.seconds = time.perf_counter() - started
        phase.statements = (ledger.statements if ledger else 0) - before
        self.phases.append(phase)
        self.ended(phase)

    def turn_to(self, subject: str | None) -> None:
        """What follows is about this one of several; None: about none of them."""

    def warn(self, text: str) -> None:
        """Something the user should know, though the job goes on."""
        self.warnings.append(text)

    def started(self, phase: Phase) -> None:
        """A phase begins."""

    def ended(self, phase: Phase) -> None:
        """A phase is over."""
