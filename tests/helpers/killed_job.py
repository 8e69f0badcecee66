"""A segjob process that is killed (-9) at the first statement that begins with certain words, before it is sent.

`python killed_job.py WORDS ARGUMENT...` runs the command line with these arguments.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import sqlalchemy as sa

from segjob.cli.app import app


def main(words: str, arguments: list[str]) -> None:
    """Run the command until then."""

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(words):
            os.kill(os.getpid(), signal.SIGKILL)

    app(arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
