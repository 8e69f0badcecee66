"""What can go wrong, and what it exits with.

    SegjobError
    ├── ConfigError            2   the command line or segjob.toml is wrong
    ├── DataError              3   the relation's rows cannot be segmented as asked
    │   └── RelationChanged    3   somebody wrote to it during the run; trying again may help
    ├── WarehouseError         4   the warehouse cannot be reached or written
    │   ├── WarehouseBusy      4   somebody else holds it; trying again may help
    │   ├── MissingRights      4   the connected user may not do what the job needs
    │   └── StatementFailed    4   the engine refused a statement, which travels with the error
    └── NoSegmentation         5   no acceptable segmentation, or it is no longer healthy

A message says what was wrong and where; `hint` says what to do. Nothing is published when one of these is raised.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence


class SegjobError(Exception):
    """Anything segjob refuses to do, in a message for the person who typed the command."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.statement: str | None = None

    def prefix(self, segmentation: str) -> None:
        """Say which segmentation it is about, unless the message begins with a relation of that name."""
        subject = self.message.split(" ", 1)[0].rpartition(".")[2].strip('"')
        if subject != segmentation:
            self.message = f"{segmentation}: {self.message}"


class ConfigError(SegjobError):
    """The command line or the config file is wrong; running it again changes nothing."""

    exit_code = 2


class DataError(SegjobError):
    """The rows cannot be segmented as asked."""

    exit_code = 3


class RelationChanged(DataError):
    """The rows that were fitted are not the rows that would be published."""


class WarehouseError(SegjobError):
    """The warehouse cannot be reached, opened or written."""

    exit_code = 4


class WarehouseBusy(WarehouseError):
    """Another process holds the warehouse; the same command may work a moment later."""


class MissingRights(WarehouseError):
    """The connected user may not do what the job needs; nothing has been tried."""


class StatementFailed(WarehouseError):
    """The engine refused a statement, in these words of its own."""

    def __init__(self, message: str, statement: str, *, words: str = "", hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.statement = statement
        self.words = words


class NoSegmentation(SegjobError):
    """No acceptable segmentation: nothing is published and the current run stays."""

    exit_code = 5


def not_written(place: object, error: OSError) -> SegjobError:
    """Why a file was not written: because of the disk, where trying again may help, or of its name."""
    message = f"{place} cannot be written: {error.strerror or error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
        return WarehouseError(message, hint="check the disk; what was there before is as it was")
    return ConfigError(message)


def together(problems: Sequence[SegjobError]) -> SegjobError:
    """One error that lists every problem, of the kind with the highest exit code."""
    if len(problems) == 1:
        return problems[0]
    kind = max((type(problem) for problem in problems), key=lambda kind: kind.exit_code)
    lines = [f"{p.message}" + (f"\n    {p.hint}" if p.hint else "") for p in problems]
    return kind(f"{len(problems)} problems:\n" + "\n".join(f"  - {line}" for line in lines))
